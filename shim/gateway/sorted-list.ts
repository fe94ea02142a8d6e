/** Values in the order of their keys. */
export interface SortedList<T> {
  set(key: string, value: T): void;
  delete(key: string): void;
  get(key: string): T | undefined;
  /** All of them; the same array while nothing changes. */
  values(): readonly T[];
}

/** An empty list. A change moves what stands behind it, and compares with few others. */
export function createSortedList<T>(): SortedList<T> {
  const keys: string[] = [];
  const values: T[] = [];
  let view: readonly T[] | undefined;
  const find = (key: string): { index: number; found: boolean } => {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return { index: low, found: keys[low] === key };
  };
  return {
    set(key, value) {
      const { index, found } = find(key);
      if (!found) keys.splice(index, 0, key);
      values.splice(index, found ? 1 : 0, value);
      view = undefined;
    },
    delete(key) {
      const { index, found } = find(key);
      if (!found) return;
      keys.splice(index, 1);
      values.splice(index, 1);
      view = undefined;
    },
    get(key) {
      const { index, found } = find(key);
      return found ? values[index] : undefined;
    },
    values: () => (view ??= [...values]),
  };
}
