import type { FlushableStream } from './stream-subscription.ts';

/** Lets many streams send, a few at a time. */
export interface FlushQueue {
  /** Lets each of `streams` send once: the first few now, the others in the next turns of the event loop. */
  add(streams: Iterable<FlushableStream>): void;
  /** Forgets those that have not sent yet. */
  clear(): void;
}

/**
 * How many streams send in one turn. What is written in a turn reaches the sockets at its end: without turns in between, the
 * first of thousands of clients would wait for the last one's frame, and nothing would be read meanwhile.
 */
const batchSize = 32;

/** An empty queue. A stream that is in it already stays where it is: it sends the newest when its turn comes. */
export function createFlushQueue(): FlushQueue {
  const waiting = new Set<FlushableStream>();
  let turn: NodeJS.Immediate | undefined;

  function flushBatch(): void {
    turn = undefined;
    let left = batchSize;
    for (const stream of waiting) {
      waiting.delete(stream);
      stream.flush();
      if (--left === 0) break;
    }
    if (waiting.size > 0) turn ??= setImmediate(flushBatch);
  }

  return {
    add(streams) {
      for (const stream of streams) waiting.add(stream);
      if (turn === undefined && waiting.size > 0) flushBatch();
    },
    clear() {
      waiting.clear();
      clearImmediate(turn);
      turn = undefined;
    },
  };
}
