import { createHash } from 'node:crypto';

/**
 * A digest of a set of named contents that follows each change at once, however large the set is. It is the same in
 * whatever order the contents came: the sum of their hashes.
 */
export interface ContentDigest {
  /** Names a content from now on, or, with undefined, no more. Tells whether that is different. */
  set(name: string, content: string | undefined): boolean;
  /** Equal for equal sets; a short text. */
  value(): string;
}

/** The digest of the empty set. */
export function createContentDigest(): ContentDigest {
  const hashes = new Map<string, bigint>();
  let sum = 0n;
  return {
    set(name, content) {
      const before = hashes.get(name);
      const after = content === undefined ? undefined : hashContent(name, content);
      if (before === after) return false;
      if (after === undefined) hashes.delete(name);
      else hashes.set(name, after);
      sum = sum - (before ?? 0n) + (after ?? 0n);
      return true;
    },
    value: () => digestOfSum(sum),
  };
}

/** A short hash of a text or of bytes. */
export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** The hash of one named content, to be added to those of others. */
export function hashContent(name: string, content: string): bigint {
  return BigInt(`0x${createHash('sha256').update(`${name}\0${content}`).digest('hex')}`);
}

/** A short text for a sum of hashes. */
export function digestOfSum(sum: bigint): string {
  return digestOf(BigInt.asUintN(256, sum).toString(16));
}
