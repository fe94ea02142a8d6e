import type { Clock } from '../timing/clock.ts';
import { createTrigger } from '../timing/trigger.ts';
import { type BackOff, createBackOff } from '../timing/back-off.ts';
import { KubeError } from './kube-error.ts';

/** Keys that something is to be done for: each at most once at a time, and again later when that fails. */
export interface KeyedQueue {
  /** Soon, or after `delayMs`; a key that waits already keeps the earlier of both times. */
  add(key: string, delayMs?: number): void;
  /** Works until `signal` aborts; what was added before waits for this. */
  run(signal: AbortSignal): Promise<void>;
}

/** What a queue is made of. */
export interface KeyedQueueOptions {
  /** Brings one key from what is to what should be, whatever was added how often. Tried again after a {@link KubeError}. */
  readonly work: (key: string, signal: AbortSignal) => Promise<void>;
  /** Told of each failure. */
  readonly failed: (key: string, err: KubeError) => void;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** A queue in the way of client-go's `workqueue`. */
export function createKeyedQueue({ work, failed, clock, random }: KeyedQueueOptions): KeyedQueue {
  const due = new Map<string, number>();
  const backOffs = new Map<string, BackOff>();
  const trigger = createTrigger(clock);

  function add(key: string, delayMs = 0): void {
    due.set(key, Math.min(due.get(key) ?? Infinity, clock.monotonicMs() + delayMs));
    trigger.pull();
  }

  async function attempt(key: string, signal: AbortSignal): Promise<void> {
    try {
      await work(key, signal);
      backOffs.delete(key);
      // Whether it was done, who knows: the next run looks again.
      if (signal.aborted) add(key);
    } catch (err) {
      if (!(err instanceof KubeError)) throw err;
      if (signal.aborted) {
        add(key);
        return;
      }
      failed(key, err);
      const backOff = backOffs.get(key) ?? createBackOff(random);
      backOffs.set(key, backOff);
      add(key, backOff.next(err.retryAfterMs));
    }
  }

  return {
    add,
    async run(signal) {
      while (!signal.aborted) {
        const [key, dueMs] = soonest(due);
        const waitMs = dueMs - clock.monotonicMs();
        if (key === undefined || waitMs > 0) {
          await trigger.wait(Math.min(waitMs, 60_000), signal);
          continue;
        }
        due.delete(key);
        await attempt(key, signal);
      }
    },
  };
}

function soonest(due: ReadonlyMap<string, number>): readonly [string | undefined, number] {
  let first: readonly [string | undefined, number] = [undefined, Infinity];
  for (const entry of due) if (entry[1] < first[1]) first = entry;
  return first;
}
