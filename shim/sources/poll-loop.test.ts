import { expect, test, vi } from 'vitest';
import type { DeviceSink } from './device-source.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import type { RequestFailure } from './json-request.ts';
import { createPollLoop } from './poll-loop.ts';

function setUp(outcomes: readonly (RequestFailure | Error | 'answer' | 'silence')[]) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const abort = new AbortController();
  const told: string[] = [];
  let polls = 0;
  const source = createPollLoop({
    name: 'test',
    intervalMs: 30_000,
    clock,
    random: () => 0.5,
    log,
    async poll(report, signal) {
      const outcome = outcomes[polls++] ?? 'answer';
      if (outcome === 'silence') await new Promise((resolve) => signal.addEventListener('abort', resolve));
      else if (outcome instanceof Error) throw outcome;
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
    vi.waitFor(() => expect(clock.timers()).toEqual([ms]), { timeout: 60_000, interval: 2 });
  return { clock, log, abort, told, sink, source, run, waits, polls: () => polls };
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

test.each([{ hours: -3 }, { hours: 3 }])('a time of day that is set by $hours h moves no poll', async ({ hours }) => {
  const { clock, abort, run, waits, polls } = setUp([]);
  await waits(30_000);
  clock.step(hours * 3_600_000);
  clock.advance(29_999);
  await waits(1);
  expect(polls()).toBe(1);
  clock.advance(1);
  await waits(30_000);
  expect(polls()).toBe(2);
  abort.abort();
  await run;
});

test('an end while a poll runs ends it, and nothing is told', async () => {
  const { abort, told, run, polls } = setUp(['silence']);
  await expect.poll(() => polls()).toBe(1);
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

test('a poll that throws has failed, is tried again with back-off, and its stack is logged once', async () => {
  const fault = new RangeError('Maximum call stack size exceeded');
  const { clock, log, abort, told, run, waits } = setUp([fault, fault, 'answer']);
  await waits(1000);
  clock.advance(1000);
  await waits(2000);
  clock.advance(2000);
  await waits(30_000);
  expect(told).toEqual(['invalid-answer 1000', 'invalid-answer 2000', 'devices']);
  expect(log.lines).toEqual([
    {
      level: 'error',
      message: 'failed to work on an answer with devices: this is a fault of Tailway',
      fields: { err: fault },
    },
  ]);
  abort.abort();
  await run;
});

test('whoever is told may throw: the source goes on', async () => {
  const { clock, log, abort, told, sink, run, waits } = setUp([
    'answer',
    'answer',
    { reason: 'timeout', detail: 'slow' },
  ]);
  const { devices, failed } = sink;
  await waits(30_000);
  sink.devices = () => {
    throw new Error('of the devices');
  };
  sink.failed = () => {
    throw new Error('of the failure');
  };
  clock.advance(30_000);
  await waits(1000);
  clock.advance(1000);
  await waits(2000);
  Object.assign(sink, { devices, failed });
  clock.advance(2000);
  await waits(30_000);
  expect(told).toEqual(['devices', 'devices']);
  expect(log.lines.map(({ fields }) => String(Object.values(fields)[0]))).toEqual([
    'Error: of the devices',
    'Error: of the failure',
    'Error: of the failure',
  ]);
  abort.abort();
  await run;
});
