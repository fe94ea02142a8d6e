import { expect, test, vi } from 'vitest';
import type { DeviceSink } from './device-source.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import type { RequestFailure } from './json-request.ts';
import { createPollLoop } from './poll-loop.ts';

function setUp(outcomes: readonly (RequestFailure | 'answer' | 'silence')[]) {
  const clock = createFakeClock();
  const abort = new AbortController();
  const told: string[] = [];
  let polls = 0;
  const source = createPollLoop({
    name: 'test',
    intervalMs: 30_000,
    clock,
    random: () => 0.5,
    async poll(report, signal) {
      const outcome = outcomes[polls++] ?? 'answer';
      if (outcome === 'silence') await new Promise((resolve) => signal.addEventListener('abort', resolve));
      else if (outcome !== 'answer') return outcome;
      report({ devices: [], rejected: [] });
      return undefined;
    },
  });
  const sink: DeviceSink = {
    devices: () => told.push('devices'),
    confirmed: () => told.push('confirmed'),
    failed: ({ reason, retryInMs }) => told.push(`${reason} ${retryInMs}`),
  };
  const run = source.run(sink, abort.signal);
  const waits = (ms: number) =>
    vi.waitFor(() => expect(clock.timers()).toEqual([ms]), { timeout: 10_000, interval: 2 });
  return { clock, abort, told, source, run, waits, polls: () => polls };
}

test('polls at the interval, and tells when a failure is tried again', async () => {
  const { clock, abort, told, run, waits } = setUp(['answer', { reason: 'timeout', detail: 'slow' }, 'answer']);
  await waits(30_000);
  clock.advance(30_000);
  await waits(1000);
  clock.advance(1000);
  await waits(30_000);
  expect(told).toEqual(['devices', 'timeout 1000', 'devices']);
  abort.abort();
  await run;
  expect(clock.timers()).toEqual([]);
});

test('a refresh polls at once, one while a poll runs polls after it', async () => {
  const { clock, abort, source, run, waits, polls } = setUp([]);
  source.refresh();
  source.refresh();
  await waits(1000);
  expect(polls()).toBe(1);
  clock.advance(1000);
  await waits(30_000);
  expect(polls()).toBe(2);
  clock.advance(10_000);
  source.refresh();
  await waits(30_000);
  expect(polls()).toBe(3);
  abort.abort();
  await run;
});

test('an end while a poll runs ends it, and nothing is told', async () => {
  const { abort, told, run, polls } = setUp(['silence']);
  await vi.waitFor(() => expect(polls()).toBe(1));
  abort.abort();
  await run;
  expect(told).toEqual([]);
});

test('a source that is ended before it begins does not poll', async () => {
  const { abort, run, polls } = setUp([]);
  expect(polls()).toBe(1);
  abort.abort();
  await run;
});
