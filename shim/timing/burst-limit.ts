import type { Clock } from './clock.ts';

/** Lets a few things of each key go at once, and many only now and then. */
export interface BurstLimit {
  /** Milliseconds until one of this key may go; 0: it goes now, and counts. */
  take(key: string): number;
}

/** Up to `burst` of a key at once; each of them is there again `everyMs` after another. */
export function createBurstLimit(options: {
  readonly clock: Clock;
  readonly burst: number;
  readonly everyMs: number;
}): BurstLimit {
  const { clock, burst, everyMs } = options;
  /** When all of a key are there again. */
  const fullAtMs = new Map<string, number>();
  return {
    take(key) {
      const nowMs = clock.monotonicMs();
      for (const [other, atMs] of fullAtMs) if (atMs <= nowMs) fullAtMs.delete(other);
      const fromMs = Math.max(nowMs, fullAtMs.get(key) ?? nowMs);
      const waitMs = fromMs + everyMs - nowMs - burst * everyMs;
      if (waitMs > 0) return waitMs;
      fullAtMs.set(key, fromMs + everyMs);
      return 0;
    },
  };
}
