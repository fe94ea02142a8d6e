import { sleep, type Clock } from './clock.ts';

/** A sleep that others can end. A pull that nobody waits for ends the next wait at once. */
export interface Trigger {
  pull(): void;
  /** Resolves after `ms`, on a pull (then with true), or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
}

/** A trigger that nobody has pulled. */
export function createTrigger(clock: Clock): Trigger {
  let pulled = new AbortController();
  return {
    pull() {
      pulled.abort();
    },
    async wait(ms, signal) {
      const current = pulled;
      const woken = new AbortController();
      const wake = () => woken.abort();
      for (const each of [signal, current.signal]) {
        each.addEventListener('abort', wake);
        if (each.aborted) wake();
      }
      await sleep(clock, ms, woken.signal);
      for (const each of [signal, current.signal]) each.removeEventListener('abort', wake);
      if (!current.signal.aborted) return false;
      pulled = new AbortController();
      return true;
    },
  };
}
