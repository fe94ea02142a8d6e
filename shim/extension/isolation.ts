/** What could be computed, and what had to be left out for it. */
export interface Isolated<Item, Result> {
  readonly result: Result;
  readonly leftOut: readonly { readonly item: Item; readonly err: unknown }[];
}

/**
 * Computes with all items; when that throws, with all but those that make it throw, which are found by halving. So a bug in
 * the handling of one resource costs that one alone. Throws what `compute` throws when no set without the found ones can be
 * computed, or when time is over.
 */
export function isolate<Item, Result>(
  items: readonly Item[],
  compute: (items: readonly Item[]) => Result,
  expired: () => boolean,
): Isolated<Item, Result> {
  try {
    return { result: compute(items), leftOut: [] };
  } catch (err) {
    if (items.length === 0) throw err;
    const leftOut = findThrowing(items, compute, expired, err);
    const bad = new Set(leftOut.map(({ item }) => item));
    return { result: compute(items.filter((item) => !bad.has(item))), leftOut };
  }
}

/** The items that make `compute` throw, as it just did with all of them. */
function findThrowing<Item>(
  items: readonly Item[],
  compute: (items: readonly Item[]) => unknown,
  expired: () => boolean,
  err: unknown,
): { readonly item: Item; readonly err: unknown }[] {
  if (expired()) throw err;
  const [only] = items;
  if (only !== undefined && items.length === 1) return [{ item: only, err }];
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)].flatMap((half) => {
    try {
      compute(half);
      return [];
    } catch (err) {
      return findThrowing(half, compute, expired, err);
    }
  });
}
