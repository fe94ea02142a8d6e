import { expect, test, vi } from 'vitest';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createKeyedQueue } from './keyed-queue.ts';

test.each([{ hours: -3 }, { hours: 3 }])('a time of day that is set by $hours h moves no work', async ({ hours }) => {
  const clock = createFakeClock();
  const abort = new AbortController();
  const worked: string[] = [];
  const queue = createKeyedQueue({
    work: async (key) => void worked.push(key),
    failed: () => undefined,
    clock,
    random: () => 0.5,
  });
  queue.add('a', 1000);
  const run = queue.run(abort.signal);
  await vi.waitFor(() => expect(clock.timers()).toEqual([1000]));
  clock.step(hours * 3_600_000);
  queue.add('b');
  await vi.waitFor(() => expect(worked).toEqual(['b']));
  await vi.waitFor(() => expect(clock.timers()).toEqual([1000]));
  clock.advance(1000);
  await vi.waitFor(() => expect(worked).toEqual(['b', 'a']));
  abort.abort();
  await run;
});
