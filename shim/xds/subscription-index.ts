import type { CacheChange } from './resource-cache.ts';
import type { TypeUrl } from './resource.ts';
import { wildcardName } from './subscription.ts';

/** Who subscribes to what: finds those that a transaction concerns without a look at the others. */
export interface SubscriptionIndex<Subscriber> {
  /** `*` is the wildcard. */
  add(typeUrl: TypeUrl, name: string, subscriber: Subscriber): void;
  delete(typeUrl: TypeUrl, name: string, subscriber: Subscriber): void;
  /** Who subscribes to a name by itself; those of the wildcard are not among them. */
  subscribers(typeUrl: TypeUrl, name: string): Iterable<Subscriber>;
  /** Each subscriber that `changes` of a type concern, with the part of them that does. */
  concerned(typeUrl: TypeUrl, changes: Changes): ReadonlyMap<Subscriber, Changes>;
}

type Changes = ReadonlyMap<string, CacheChange>;

/** An empty index. */
export function createSubscriptionIndex<Subscriber>(): SubscriptionIndex<Subscriber> {
  const types = new Map<TypeUrl, Map<string, Set<Subscriber>>>();
  return {
    add(typeUrl, name, subscriber) {
      let names = types.get(typeUrl);
      if (names === undefined) types.set(typeUrl, (names = new Map()));
      const subscribers = names.get(name);
      if (subscribers === undefined) names.set(name, new Set([subscriber]));
      else subscribers.add(subscriber);
    },
    delete(typeUrl, name, subscriber) {
      const names = types.get(typeUrl);
      const subscribers = names?.get(name);
      subscribers?.delete(subscriber);
      if (subscribers?.size === 0) names?.delete(name);
    },
    subscribers: (typeUrl, name) => types.get(typeUrl)?.get(name) ?? [],
    concerned(typeUrl, changes) {
      const names = types.get(typeUrl);
      const found = new Map<Subscriber, Changes>();
      if (names === undefined) return found;
      for (const subscriber of names.get(wildcardName) ?? []) found.set(subscriber, changes);
      const parts = new Map<Subscriber, Map<string, CacheChange>>();
      for (const [name, change] of changes) {
        for (const subscriber of names.get(name) ?? []) {
          const part = parts.get(subscriber);
          if (part !== undefined) part.set(name, change);
          else if (changes.size === 1) found.set(subscriber, changes);
          else if (!found.has(subscriber)) parts.set(subscriber, new Map([[name, change]]));
        }
      }
      for (const [subscriber, part] of parts) found.set(subscriber, part);
      return found;
    },
  };
}
