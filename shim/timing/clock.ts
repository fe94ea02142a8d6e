/** Time, so that tests can be its master. */
export interface Clock {
  /** Milliseconds since 1970, for people, for peers, and beside times from outside. It may be set, both ways. */
  now(): number;
  /** Whole milliseconds since some moment of this process, for how long something lasts: nobody sets it, it only grows. */
  monotonicMs(): number;
  /** Calls back once after `ms`; the returned function cancels that. */
  setTimeout(callback: () => void, ms: number): () => void;
}

/** What Node's timers can count; they fire at once for more. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => Math.floor(performance.now()),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, Math.min(ms, longestTimeoutMs));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const wake = () => {
      cancel();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
  });
}
