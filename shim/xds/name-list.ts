import { typeUrls } from './resource.ts';

/** A list of names with the bytes that it was read from, and what stood between them. */
export interface NameList {
  readonly names: readonly string[];
  readonly bytes: Buffer;
}

/** The list of a request that has none. */
export const emptyNameList: NameList = { names: [], bytes: Buffer.alloc(0) };

/** The newest list of each type that is served: most clients of a server ask for the same, which is then read and kept once for all of them. */
export interface NewestNameLists {
  /** The list whose bytes are `bytes`; if it is not the newest of its type, it is from now on. `read` is called for those. */
  take(typeUrl: string, bytes: Buffer, read: (bytes: Buffer) => readonly string[]): NameList;
}

/** Remembers nothing yet. */
export function createNewestNameLists(): NewestNameLists {
  // Clients may name any type: only these are remembered.
  const newest = new Map<string, NameList>(Object.values(typeUrls).map((typeUrl) => [typeUrl, emptyNameList]));
  return {
    take(typeUrl, bytes, read) {
      if (bytes.length === 0) return emptyNameList;
      const known = newest.get(typeUrl);
      if (known?.bytes.equals(bytes) === true) return known;
      const list = { names: read(bytes), bytes: Buffer.from(bytes) };
      if (known !== undefined) newest.set(typeUrl, list);
      return list;
    },
  };
}
