/** A stream that sends what is due on it, unless the client still has to take what was sent before. */
export interface FlushableStream {
  /** Whether anything was sent. */
  flush(): boolean;
}

/** Lets many streams send, a few at a time. */
export interface FlushQueue {
  /** Lets each of `streams` send once: the first few now, the others as soon as those before them have. */
  add(streams: Iterable<FlushableStream>): void;
  /** To be told when what `stream` sent has left for its connection. */
  left(stream: FlushableStream): void;
  /** Forgets those that have not sent yet. */
  clear(): void;
}

/** How many streams send before the first of their frames reaches its socket. More of them would go through the caches twice. */
const batchSize = 8;

/** How many streams send before anything else is done: a tenth of a second's work. */
const maxPerTurn = 8192;

/**
 * An empty queue. A stream that is in it already stays where it is: it sends the newest when its turn comes.
 *
 * Frames reach their sockets after the current turn of the event loop. Node tells there and then when they have, so the next
 * few can follow in the same turn, before the loop reads from any socket: the last client does not wait for the answers of
 * the first ones. Where a frame does not leave at once, the next turn goes on.
 */
export function createFlushQueue(): FlushQueue {
  const waiting = new Set<FlushableStream>();
  let turn: NodeJS.Immediate | undefined;
  /** The last of those that have just sent, while others wait. */
  let last: FlushableStream | undefined;
  let sentInTurn = 0;

  function flushBatch(): void {
    last = undefined;
    let left = batchSize;
    for (const stream of waiting) {
      waiting.delete(stream);
      if (stream.flush()) last = stream;
      if (--left === 0) break;
    }
    sentInTurn += batchSize;
    if (waiting.size > 0) turn ??= setImmediate(flushNextTurn);
    else forgetTurn();
  }

  function flushNextTurn(): void {
    turn = undefined;
    sentInTurn = 0;
    flushBatch();
  }

  function forgetTurn(): void {
    clearImmediate(turn);
    turn = undefined;
    last = undefined;
    sentInTurn = 0;
  }

  return {
    add(streams) {
      for (const stream of streams) waiting.add(stream);
      if (turn === undefined && waiting.size > 0) flushBatch();
    },
    left(stream) {
      if (stream === last && sentInTurn < maxPerTurn) flushBatch();
    },
    clear() {
      waiting.clear();
      forgetTurn();
    },
  };
}
