import { sleep, type Clock } from './clock.ts';

/** A sleep that others can end. A pull that nobody waits for ends the next wait at once. */
export interface Trigger {
  pull(): void;
  /** Resolves after `ms`, on a pull, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** A trigger that nobody has pulled. */
export function createTrigger(clock: Clock): Trigger {
  let pulled = new AbortController();
  return {
    pull() {
      pulled.abort();
    },
    async wait(ms, signal) {
      const stop = () => pulled.abort();
      signal.addEventListener('abort', stop);
      if (!signal.aborted) await sleep(clock, ms, pulled.signal);
      signal.removeEventListener('abort', stop);
      if (pulled.signal.aborted) pulled = new AbortController();
    },
  };
}
