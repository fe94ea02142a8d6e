import { createHash } from 'node:crypto';

import { typeUrls } from './resource.ts';
import type { Resource, ResourceChange, TypeUrl } from './resource.ts';

/** A resource with the hash that versions of whole answers are summed up from. */
export interface CachedResource extends Resource {
  /** 128 bits over name and version. */
  readonly digest: bigint;
}

/** The current resources of one type. */
export interface ResourceView {
  get(name: string): CachedResource | undefined;
  /** What a wildcard subscription sees, by name: all but the on-demand resources. */
  wildcard(): readonly CachedResource[];
  /** The sum (modulo 2^128) of the digests of what a wildcard subscription sees. */
  readonly digest: bigint;
}

/** A name whose resource is another one, or none, since a transaction. */
export interface CacheChange {
  readonly before: CachedResource | undefined;
  readonly after: CachedResource | undefined;
}

/** What one `apply` changed, by type and name; a type without changes is absent. */
export type Transaction = ReadonlyMap<TypeUrl, ReadonlyMap<string, CacheChange>>;

/** The resources to serve, by type and name. */
export interface ResourceCache {
  /** False until the first `apply`; nothing is answered before. */
  readonly synced: boolean;
  /** Makes all `changes`, of all types, at once. What is there already in the same version is no change. */
  apply(changes: Iterable<ResourceChange>): void;
  view(typeUrl: TypeUrl): ResourceView;
  /** Calls `listener` after the first `apply` and after every one that changed something, until the answer is called. */
  observe(listener: (transaction: Transaction) => void): () => void;
}

/** An empty cache that is not synced. */
export function createResourceCache(): ResourceCache {
  const tables = new Map<TypeUrl, ResourceTable>(Object.values(typeUrls).map((typeUrl) => [typeUrl, createTable()]));
  const listeners = new Set<(transaction: Transaction) => void>();
  let synced = false;

  function table(typeUrl: TypeUrl): ResourceTable {
    const found = tables.get(typeUrl);
    if (found === undefined) throw new Error(`failed to look up resources: unknown type ${typeUrl}`);
    return found;
  }

  return {
    get synced() {
      return synced;
    },
    apply(changes) {
      // Collected before anything is written, so that an iterable that throws leaves the cache as it was.
      const transaction = collect(changes, table);
      for (const [typeUrl, names] of transaction) table(typeUrl).write(names);
      if (synced && transaction.size === 0) return;
      synced = true;
      for (const listener of listeners) listener(transaction);
    },
    view: table,
    observe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A sum of digests in which `before` gives way to `after`: the order of the steps does not matter. */
export function replaceDigest(
  sum: bigint,
  before: CachedResource | undefined,
  after: CachedResource | undefined,
): bigint {
  return BigInt.asUintN(128, sum + (after?.digest ?? 0n) - (before?.digest ?? 0n));
}

/** The sum of the digests of `resources`. */
export function sumDigests(resources: readonly CachedResource[]): bigint {
  // Mostly it is one: no sum, and nothing allocated.
  const [first] = resources;
  if (first !== undefined && resources.length === 1) return first.digest;
  return resources.reduce((sum, resource) => replaceDigest(sum, undefined, resource), 0n);
}

interface ResourceTable extends ResourceView {
  write(changes: ReadonlyMap<string, CacheChange>): void;
}

function createTable(): ResourceTable {
  const resources = new Map<string, CachedResource>();
  let digest = 0n;
  let sorted: readonly CachedResource[] | undefined;
  return {
    get: (name) => resources.get(name),
    wildcard() {
      sorted ??= [...resources.values()]
        .filter((resource) => resource.onDemand !== true)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return sorted;
    },
    get digest() {
      return digest;
    },
    write(changes) {
      for (const [name, { before, after }] of changes) {
        digest = replaceDigest(digest, inWildcard(before), inWildcard(after));
        if (after === undefined) resources.delete(name);
        else resources.set(name, after);
      }
      sorted = undefined;
    },
  };
}

function inWildcard(resource: CachedResource | undefined): CachedResource | undefined {
  return resource?.onDemand === true ? undefined : resource;
}

function collect(changes: Iterable<ResourceChange>, view: (typeUrl: TypeUrl) => ResourceView): Transaction {
  const transaction = new Map<TypeUrl, Map<string, CacheChange>>();
  for (const change of changes) {
    const { typeUrl, name } = change.kind === 'set' ? change.resource : change;
    let names = transaction.get(typeUrl);
    const earlier = names?.get(name);
    const before = earlier === undefined ? view(typeUrl).get(name) : earlier.before;
    const current = earlier === undefined ? before : earlier.after;
    if (change.kind === 'set' ? isSame(current, change.resource) : current === undefined) continue;
    const after = change.kind === 'set' ? toCached(change.resource) : undefined;
    if (names === undefined) transaction.set(typeUrl, (names = new Map()));
    // Changed and changed back within one transaction.
    if (before === undefined ? after === undefined : after !== undefined && isSame(before, after)) names.delete(name);
    else names.set(name, { before, after });
  }
  for (const [typeUrl, names] of transaction) if (names.size === 0) transaction.delete(typeUrl);
  return transaction;
}

function isSame(current: CachedResource | undefined, next: Resource): boolean {
  return (
    current !== undefined &&
    current.version === next.version &&
    current.endpointName === next.endpointName &&
    (current.onDemand ?? false) === (next.onDemand ?? false)
  );
}

function toCached(resource: Resource): CachedResource {
  const hash = createHash('sha256').update(`${resource.name}\0${resource.version}`).digest('hex').slice(0, 32);
  return { ...resource, digest: BigInt(`0x${hash}`) };
}
