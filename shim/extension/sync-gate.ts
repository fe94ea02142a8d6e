import type { GatewayState } from '../gateway/gateway-state.ts';

/** Whoever waits at it goes on at the first sync. */
export interface SyncGate {
  /** Calls `go` once: at the first sync, or after the limit or `maxMs`. The answer is called to give up waiting. */
  wait(maxMs: number, go: () => void): () => void;
  /** Lets all who wait go. */
  close(): void;
}

/**
 * A gate in front of `state`, at which a call waits for up to `limitMs`. Envoy Gateway calls one hook after another, hundreds
 * in a translation: after one that has waited in vain, those that follow it closely do not wait again.
 */
export function createSyncGate(
  state: Pick<GatewayState, 'synced' | 'observe'>,
  limitMs: number,
  clock: () => number,
): SyncGate {
  const waiting = new Set<() => void>();
  let isClosed = false;
  let waitedInVainAt = -Infinity;
  const unobserve = state.observe(() => {
    if (state.synced) release();
  });

  function release(): void {
    for (const go of waiting) go();
  }

  return {
    wait(maxMs, go) {
      if (state.synced || isClosed) {
        go();
        return ignore;
      }
      if (clock() - waitedInVainAt < limitMs) {
        waitedInVainAt = clock();
        go();
        return ignore;
      }
      const leave = () => {
        waiting.delete(pass);
        clearTimeout(timer);
      };
      const pass = () => {
        leave();
        if (!state.synced) waitedInVainAt = clock();
        go();
      };
      const timer = setTimeout(pass, Math.min(limitMs, maxMs));
      waiting.add(pass);
      return leave;
    },
    close() {
      isClosed = true;
      unobserve();
      release();
    },
  };
}

function ignore(): void {}
