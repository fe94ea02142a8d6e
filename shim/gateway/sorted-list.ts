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
  let view: readonly T[] = [];
  let isDirty = false;
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
      isDirty = true;
    },
    delete(key) {
      const { index, found } = find(key);
      if (!found) return;
      keys.splice(index, 1);
      values.splice(index, 1);
      isDirty = true;
    },
    get(key) {
      const { index, found } = find(key);
      return found ? values[index] : undefined;
    },
    values() {
      // What went and came back the same is no change.
      const isSame = !isDirty || (view.length === values.length && view.every((each, index) => each === values[index]));
      if (!isSame) view = [...values];
      isDirty = false;
      return view;
    },
  };
}
