import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFlushQueue } from './flush-queue.ts';

/** Streams that note when they sent. */
function createStreams(count: number) {
  const sent: number[] = [];
  const streams = Array.from({ length: count }, (_, index) => ({ flush: () => void sent.push(index) }));
  return { sent, streams };
}

describe('a flush queue', () => {
  it('lets a few send at once', () => {
    const { sent, streams } = createStreams(20);
    createFlushQueue().add(streams);
    expect(sent).toHaveLength(20);
  });

  it('lets many send in turns, each once and in order', async () => {
    const { sent, streams } = createStreams(200);
    const queue = createFlushQueue();
    queue.add(streams);
    expect(sent.length).toBeLessThan(200);
    queue.add(streams.slice(-50));
    for (let i = 0; i < 10; i++) await turn();
    expect(sent).toEqual(streams.map((_, index) => index));
  });

  it('lets a stream that has sent send again', async () => {
    const { sent, streams } = createStreams(100);
    const queue = createFlushQueue();
    queue.add(streams);
    queue.add(streams.slice(0, 1));
    for (let i = 0; i < 10; i++) await turn();
    expect(sent.filter((index) => index === 0)).toHaveLength(2);
    expect(sent).toHaveLength(101);
  });

  it('forgets those that wait when it is cleared', async () => {
    const { sent, streams } = createStreams(100);
    const queue = createFlushQueue();
    queue.add(streams);
    const before = sent.length;
    queue.clear();
    for (let i = 0; i < 10; i++) await turn();
    expect(sent).toHaveLength(before);
    queue.add(streams.slice(0, 1));
    expect(sent).toHaveLength(before + 1);
  });
});
