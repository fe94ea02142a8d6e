import { canonicalJson } from './canonical-json.ts';
import type { CustomResource, ResourceKey } from './resource-source.ts';

/** A resource, and its content as text. */
export interface ContentResource {
  readonly resource: CustomResource;
  /** Equal for equal content, wherever it was read. */
  readonly content: string;
}

/** A resource that does not count, since another one of its name does. */
export interface DuplicateResource {
  readonly loser: CustomResource;
  readonly winner: CustomResource;
}

/** Each resource once, by key. */
export interface UniqueResources {
  readonly resources: ReadonlyMap<string, ContentResource>;
  readonly duplicates: readonly DuplicateResource[];
}

/** Identity as text. */
export function formatResourceKey({ kind, namespace, name }: ResourceKey): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/** A resource with its content as text. */
export function toContentResource(resource: CustomResource): ContentResource {
  const { uid, generation, createdMs, labels, spec } = resource;
  return { resource, content: canonicalJson({ uid, generation, createdMs, labels, spec }) };
}

/**
 * Of resources with one name the older counts, then the one whose content comes first as text: neither the order nor the
 * names of files decide, so that every replica picks the same. Equal ones are none too many.
 */
export function uniqueResources(all: Iterable<ContentResource>): UniqueResources {
  const resources = new Map<string, ContentResource>();
  const losers: ContentResource[] = [];
  for (const each of all) {
    const key = formatResourceKey(each.resource);
    const other = resources.get(key);
    if (other === undefined) {
      resources.set(key, each);
    } else if (precedes(each, other)) {
      resources.set(key, each);
      losers.push(other);
    } else if (each.content !== other.content) {
      losers.push(each);
    }
  }
  const duplicates = losers.flatMap(({ resource: loser }) => {
    const winner = resources.get(formatResourceKey(loser))?.resource;
    return winner === undefined ? [] : [{ loser, winner }];
  });
  return { resources, duplicates };
}

function precedes(a: ContentResource, b: ContentResource): boolean {
  const older = a.resource.createdMs - b.resource.createdMs;
  return older === 0 ? a.content < b.content : older < 0;
}
