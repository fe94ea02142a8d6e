import type { Log } from '../telemetry/log.ts';

/** Who wants to be called. */
export interface Listeners {
  /** Adds a listener, until the answer is called. */
  add(listener: () => void): () => void;
  /** Calls them all; one that throws is no matter to the others. */
  call(): void;
}

/** Nobody yet. */
export function createListeners(log: Log): Listeners {
  const all = new Set<() => void>();
  return {
    add(listener) {
      const own = () => listener();
      all.add(own);
      return () => all.delete(own);
    },
    call() {
      for (const listener of all) {
        try {
          listener();
        } catch (err) {
          log.error({ err }, 'failed to tell a change of the resources');
        }
      }
    },
  };
}
