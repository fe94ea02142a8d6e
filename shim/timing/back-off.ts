/** Waits between tries that fail, longer each time. */
export interface BackOff {
  /** Milliseconds until the next try; never less than what the server asks for. */
  next(retryAfterMs?: number): number;
  /** After a success. */
  reset(): void;
}

const firstMs = 100;
const longestMs = 5000;
/** A server may ask for more than {@link longestMs}, but not for hours. */
const longestAskedMs = 60_000;

/** Doubles from 0.1 s to 5 s, with up to half of it left to chance, so that replicas do not come back together. */
export function createBackOff(random: () => number): BackOff {
  let failures = 0;
  return {
    next(retryAfterMs = 0) {
      const wholeMs = Math.min(longestMs, firstMs * 2 ** failures);
      failures = Math.min(failures + 1, 16);
      return Math.max(wholeMs * (0.5 + random() / 2), Math.min(retryAfterMs, longestAskedMs));
    },
    reset() {
      failures = 0;
    },
  };
}
