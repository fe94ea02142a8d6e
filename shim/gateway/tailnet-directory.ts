import type { CustomResource } from '../custom-resources/resource-source.ts';
import type { NamedTailnet } from '../custom-resources/tailnet-choice.ts';
import { tailnetFromResource } from '../custom-resources/tailnet-from-resource.ts';

/** The TailscaleTailnets that there are, by their names alone. */
export interface TailnetDirectory {
  /** Returns whether one may be found by another name than before. */
  set(key: string, resource: CustomResource): boolean;
  /** Returns the namespace of the one that is gone; undefined: there was none of this key. */
  delete(key: string): string | undefined;
  /** Ordered by name. */
  ofNamespace(namespace: string): readonly NamedTailnet[];
}

/** An empty directory. */
export function createTailnetDirectory(): TailnetDirectory {
  const entries = new Map<string, NamedTailnet & { readonly namespace: string }>();
  const byNamespace = new Map<string, readonly NamedTailnet[]>();
  return {
    set(key, resource) {
      const { namespace, name } = resource;
      // One that is refused still has its name: what names it waits for it, and does not turn to another.
      const tailnet = tailnetFromResource(resource).tailnet?.tailnet ?? '-';
      if (entries.get(key)?.tailnet === tailnet) return false;
      entries.set(key, { namespace, name, tailnet });
      byNamespace.clear();
      return true;
    },
    delete(key) {
      const namespace = entries.get(key)?.namespace;
      entries.delete(key);
      byNamespace.clear();
      return namespace;
    },
    ofNamespace(namespace) {
      const known = byNamespace.get(namespace);
      if (known !== undefined) return known;
      const own = [...entries.values()].filter((entry) => entry.namespace === namespace);
      const sorted = own.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      byNamespace.set(namespace, sorted);
      return sorted;
    },
  };
}
