import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFlushQueue } from './flush-queue.ts';

/** Streams that note when they sent; those that are `blocked` have nothing to send. */
function createStreams(count: number, blocked: (index: number) => boolean = () => false) {
  const sent: number[] = [];
  const streams = Array.from({ length: count }, (_, index) => ({
    flush() {
      sent.push(index);
      return !blocked(index);
    },
  }));
  return { sent, streams };
}

/** Lets turns of the event loop pass, at most a few. */
async function turnUntil(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !condition(); i++) await turn();
}

describe('a flush queue', () => {
  it('lets a few send at once', () => {
    const { sent, streams } = createStreams(5);
    createFlushQueue().add(streams);
    expect(sent).toHaveLength(5);
  });

  it('lets many send in turns, each once and in order', async () => {
    const { sent, streams } = createStreams(100);
    const queue = createFlushQueue();
    queue.add(streams);
    expect(sent.length).toBeLessThan(100);
    queue.add(streams.slice(-50));
    await turnUntil(() => sent.length === 100);
    await turn();
    expect(sent).toEqual(streams.map((_, index) => index));
  });

  it('lets all send in one turn whose frames leave at once', () => {
    const { sent, streams } = createStreams(1000);
    const queue = createFlushQueue();
    queue.add(streams);
    for (let told = 0; told < sent.length; told++) queue.left(streams[sent[told] ?? 0] ?? { flush: () => false });
    expect(sent).toEqual(streams.map((_, index) => index));
  });

  it('lets the event loop turn all the same', async () => {
    const { sent, streams } = createStreams(20_000);
    const queue = createFlushQueue();
    queue.add(streams);
    const tell = () => {
      for (const stream of streams) queue.left(stream);
    };
    for (let i = 0; i < 2000; i++) tell();
    expect(sent.length).toBeLessThan(20_000);
    const before = sent.length;
    await turn();
    tell();
    expect(sent.length).toBeGreaterThan(before);
  });

  it('goes on in the next turn where the last ones of a few have nothing to send', async () => {
    const { sent, streams } = createStreams(100, (index) => index % 2 === 1);
    const queue = createFlushQueue();
    queue.add(streams);
    await turnUntil(() => sent.length === 100);
    expect(sent).toHaveLength(100);
  });

  it('lets a stream that has sent send again', async () => {
    const { sent, streams } = createStreams(100);
    const queue = createFlushQueue();
    queue.add(streams);
    queue.add(streams.slice(0, 1));
    await turnUntil(() => sent.length === 101);
    expect(sent.filter((index) => index === 0)).toHaveLength(2);
    expect(sent).toHaveLength(101);
  });

  it('forgets those that wait when it is cleared', async () => {
    const { sent, streams } = createStreams(100);
    const queue = createFlushQueue();
    queue.add(streams);
    const before = sent.length;
    queue.clear();
    for (const stream of streams) queue.left(stream);
    for (let i = 0; i < 20; i++) await turn();
    expect(sent).toHaveLength(before);
    queue.add(streams.slice(0, 1));
    expect(sent).toHaveLength(before + 1);
  });
});
