import type { Listed } from './shim-status.ts';

/** The first `limit` items, and how many there are. */
export function listUpTo<T>(items: readonly T[], limit: number): Listed<T> {
  return { total: items.length, items: items.slice(0, limit) };
}
