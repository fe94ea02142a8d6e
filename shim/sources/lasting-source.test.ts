import { expect, test, vi } from 'vitest';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import type { DeviceSink, DeviceSource } from './device-source.ts';
import { runLastingSource } from './lasting-source.ts';

function setUp(runs: readonly DeviceSource['run'][]) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const abort = new AbortController();
  const told: string[] = [];
  let made = 0;
  const sink: DeviceSink = {
    devices: () => told.push('devices'),
    confirmed: () => told.push('confirmed'),
    failed: ({ reason, detail, retryInMs }) => told.push(`${reason} ${retryInMs} ${detail}`),
  };
  const create = (): DeviceSource => {
    const run = runs[made++];
    if (run === undefined) throw new SyntaxError('cannot be made');
    return { name: 'test', run };
  };
  const run = runLastingSource({ create, clock, log, random: () => 0.5 }, sink, abort.signal);
  const waits = (ms: number) =>
    vi.waitFor(() => expect(clock.timers()).toEqual([ms]), { timeout: 10_000, interval: 2 });
  return { clock, log, abort, told, sink, run, waits, made: () => made };
}

const untilAborted: DeviceSource['run'] = (sink, signal) => {
  sink.devices([], []);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
};
const failing: DeviceSource['run'] = () => Promise.reject(new TypeError('no such thing'));

test('a source that does as it should is made once, and ends with its signal', async () => {
  const { abort, told, run, made, log } = setUp([untilAborted]);
  expect(told).toEqual(['devices']);
  abort.abort();
  await run;
  expect(made()).toBe(1);
  expect(log.lines).toEqual([]);
});

test('one that rejects, ends, or cannot be made is told, and begins again with back-off', async () => {
  const { clock, abort, told, run, waits, made, log } = setUp([failing, () => Promise.resolve()]);
  await waits(1000);
  clock.advance(1000);
  await waits(2000);
  clock.advance(2000);
  await waits(4000);
  expect(told).toEqual([
    'unreadable 1000 the reading of devices has ended by a fault of Tailway (TypeError), and starts again: the log of the shim has more',
    'unreadable 2000 the reading of devices has ended without a reason, and starts again: the log of the shim has more',
    'unreadable 4000 the reading of devices has ended by a fault of Tailway (SyntaxError), and starts again: the log of the shim has more',
  ]);
  expect(made()).toBe(3);
  expect(log.messages('error')).toHaveLength(3);
  expect(log.lines[0]?.fields).toMatchObject({ err: { message: 'no such thing' }, retryInMs: 1000 });
  abort.abort();
  await run;
});

test('who has read for a while begins again soon', async () => {
  let end: (reason: Error) => void = () => undefined;
  const long: DeviceSource['run'] = () => new Promise((_, reject) => void (end = reject));
  const { clock, abort, run, waits } = setUp([failing, long, untilAborted]);
  await waits(1000);
  clock.advance(1000);
  await vi.waitFor(() => expect(clock.timers()).toEqual([]));
  clock.advance(60_000);
  end(new Error('after a while'));
  await waits(1000);
  abort.abort();
  await run;
});

test('whoever is told may throw', async () => {
  const { clock, abort, told, sink, run, waits } = setUp([failing, untilAborted]);
  sink.failed = () => {
    throw new Error('of the failure');
  };
  await waits(1000);
  clock.advance(1000);
  await vi.waitFor(() => expect(told).toEqual(['devices']));
  abort.abort();
  await run;
});
