import { type Clock, sleep } from './clock.ts';

/** Spaces out what would otherwise be a burst. */
export interface RateLimit {
  /** Resolves when the next one may go, or when `signal` aborts. */
  take(signal: AbortSignal): Promise<void>;
}

/** At most `perSecond` in any second that follows, evenly spaced; the first goes at once. */
export function createRateLimit({ clock, perSecond }: { clock: Clock; perSecond: number }): RateLimit {
  let nextMs = -Infinity;
  return {
    async take(signal) {
      const nowMs = clock.monotonicMs();
      const turnMs = Math.max(nowMs, nextMs);
      nextMs = turnMs + 1000 / perSecond;
      if (turnMs > nowMs) await sleep(clock, turnMs - nowMs, signal);
    },
  };
}
