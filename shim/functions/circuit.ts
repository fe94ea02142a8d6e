import type { Clock } from '../timing/clock.ts';
import type { CircuitState } from './functions-client.ts';

/** Whether something that may be broken is asked. */
export interface Circuit {
  state(): CircuitState;
  /** An answer was good. Only a real call shows that real calls are fine: after a probe, the next wait goes on growing. */
  succeeded(by: 'call' | 'probe'): void;
  /** A call or a probe failed. */
  failed(failure: CircuitFailure): void;
  /** Stops probing. */
  close(): void;
}

/** What a failure means for the next call. */
export interface CircuitFailure {
  /** Whether the next call would surely fail too, or cost its whole deadline: the circuit opens at once. */
  readonly lasting: boolean;
  /** How long the other side asks to be left alone. */
  readonly retryAfterMs?: number;
}

/** What a circuit is made of. */
export interface CircuitOptions {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Asked to try once, and to tell what came of it. */
  readonly probe: () => void;
}

/** How many failures in a row open it. */
const failuresToOpen = 3;

const firstMs = 1000;
const longestMs = 30_000;
/** How long it must have been closed for its earlier openings to be forgotten, without a call too. */
const forgetMs = 60_000;

/** The other side may ask for more, but not for hours. */
const longestAskedMs = 5 * 60_000;

/**
 * A circuit breaker: closed until calls fail in a row, then open for a while that doubles from 1 s to 30 s, then half-open:
 * a probe tries, so that no call of anybody waits for who is broken.
 */
export function createCircuit({ clock, random, probe }: CircuitOptions): Circuit {
  let state: CircuitState = 'closed';
  let failures = 0;
  let openings = 0;
  let closedAtMs = -Infinity;
  let ended = false;
  let disarm = () => {};

  function open(retryAfterMs: number): void {
    disarm();
    if (state === 'closed' && clock.monotonicMs() - closedAtMs > forgetMs) openings = 0;
    state = 'open';
    const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(openings++, 16));
    const ms = Math.max(wholeMs * (0.5 + random() / 2), Math.min(retryAfterMs, longestAskedMs));
    disarm = clock.setTimeout(() => {
      state = 'half-open';
      probe();
    }, ms);
  }

  return {
    state: () => state,
    succeeded(by) {
      failures = 0;
      if (by === 'call') openings = 0;
      // A call that began before the circuit opened says nothing about now.
      if (state === 'open') return;
      if (state === 'half-open') closedAtMs = clock.monotonicMs();
      state = 'closed';
    },
    failed({ lasting, retryAfterMs }) {
      failures++;
      if (ended || state === 'open') return;
      if (state === 'half-open' || lasting || retryAfterMs !== undefined || failures >= failuresToOpen) {
        open(retryAfterMs ?? 0);
      }
    },
    close() {
      ended = true;
      disarm();
    },
  };
}
