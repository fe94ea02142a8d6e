import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { DeviceSchema, type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { createDeviceStore } from './device-store.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';

const device = (id: string, tags: string[] = []) => create(DeviceSchema, { id, name: id, tags });
const ids = (list: readonly Device[] | undefined) => list?.map(({ id }) => id).join(' ');

function setUp({ holdMs = 300_000, trustsFirst = false } = {}) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const changes: string[] = [];
  const store = createDeviceStore({
    clock,
    log,
    holdMs,
    trustsFirst,
    onChange: (devices) => changes.push(ids(devices) ?? ''),
  });
  return { clock, log, changes, store };
}

test('nothing is known before the first answer, not even that nobody is there', () => {
  const { store, changes } = setUp();
  expect(store.current()).toBeUndefined();
  expect(store.status().synced).toBe(false);
  store.failed({ reason: 'timeout', detail: 'slow' });
  expect(store.status().synced).toBe(false);
  expect(changes).toEqual([]);
});

test('an empty first answer is believed after the grace period, and said', () => {
  const { store, changes, clock, log } = setUp();
  store.devices([], []);
  expect(changes).toEqual([]);
  expect(store.status()).toMatchObject({ synced: false, heldSinceMs: clock.now(), heldCause: 'first-answer' });
  clock.advance(300_000);
  expect(changes).toEqual(['']);
  expect(store.status()).toMatchObject({ synced: true, devices: 0 });
  expect(store.status().totals).toMatchObject({
    holds: { 'first-answer': 1, 'devices-gone': 0 },
    holdsBelieved: { 'first-answer': 1 },
  });
  expect(log.messages('warn')).toEqual([
    'the first answer has nobody who is online: nothing is served until it is believed',
    'nobody is online since the start: believed; check that this is the right tailnet',
  ]);
});

test('the first device that is online ends a hold from the start', () => {
  const { store, changes, log } = setUp();
  store.devices([], []);
  store.devices([device('a')], []);
  expect(changes).toEqual(['a']);
  expect(store.status().heldSinceMs).toBeUndefined();
  expect(log.messages('info')).toEqual(['devices are back: the hold is over']);
});

test("a user's own empty list is believed at once, and said", () => {
  const { store, changes, log } = setUp({ trustsFirst: true });
  store.devices([], []);
  expect(changes).toEqual(['']);
  expect(log.messages('warn')).toEqual([
    'nobody is online since the start: believed; check that this is the right tailnet',
  ]);
});

test('most devices called offline at once are held as they were, and told', () => {
  const { store, clock, log } = setUp();
  const online = (value: boolean) => ['a', 'b', 'c', 'd'].map((id) => create(DeviceSchema, { id, online: value }));
  store.devices(online(true), []);
  store.devices(online(false), []);
  expect(store.current()?.map((each) => each.online)).toEqual([true, true, true, true]);
  expect(store.status()).toMatchObject({ heldCause: 'devices-offline', totals: { holds: { 'devices-offline': 1 } } });
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'most devices are suddenly called offline: they are held as they were',
      fields: { had: 4, gone: 0, offline: 4, holdMs: 300_000 },
    },
  ]);
  clock.advance(300_000);
  expect(store.current()?.map((each) => each.online)).toEqual([false, false, false, false]);
});

test('devices whose source only says when they were seen last are called offline by that', () => {
  const { store, clock } = setUp();
  const seen = (ms: number) =>
    ['a', 'b'].map((id) => create(DeviceSchema, { id, lastSeen: timestampFromMs(clock.now() - ms) }));
  store.devices(seen(60_000), []);
  store.devices(seen(7_200_000), []);
  expect(store.status().heldCause).toBe('devices-offline');
  expect(store.current()?.[0]?.lastSeen).toEqual(timestampFromMs(clock.now() - 60_000));
});

test.each([{ hours: -3 }, { hours: 3 }])(
  'a time of day that is set by $hours h ends no hold and ages nothing',
  ({ hours }) => {
    const { store, clock, changes } = setUp();
    store.devices([device('a'), device('b')], []);
    store.devices([], []);
    clock.advance(1000);
    clock.step(hours * 3_600_000);
    store.devices([], []);
    expect(changes).toEqual(['a b']);
    clock.advance(10_000);
    expect(store.status()).toMatchObject({ lastSuccessAgeMs: 10_000, lastSuccessAtMs: clock.now() - 10_000 });
    clock.advance(288_999);
    expect(changes).toEqual(['a b']);
    clock.advance(1);
    expect(changes).toEqual(['a b', '']);
  },
);

test('only changed content is passed on, whatever its order', () => {
  const { store, changes } = setUp();
  store.devices([device('b'), device('a')], []);
  store.devices([device('a'), device('b')], []);
  expect(changes).toEqual(['a b']);
  store.devices([device('a', ['tag:weight-2']), device('b')], []);
  expect(changes).toEqual(['a b', 'a b']);
  expect(store.current()?.[0]?.tags).toEqual(['tag:weight-2']);
});

test('an answer that is found again is as good as a new one', () => {
  const { store, clock, changes } = setUp();
  store.devices([device('a')], []);
  clock.advance(60_000);
  store.confirmed();
  expect(store.status()).toMatchObject({ lastSuccessAtMs: clock.now(), totals: { answers: 1 } });
  expect(changes).toEqual(['a']);
});

test('a hold ends by itself, and is counted and told', () => {
  const { store, changes, clock, log } = setUp();
  store.devices([device('a'), device('b')], []);
  store.devices([], []);
  expect(store.status().heldSinceMs).toBe(clock.now());
  clock.advance(299_999);
  expect(changes).toEqual(['a b']);
  clock.advance(1);
  expect(changes).toEqual(['a b', '']);
  expect(store.status()).toMatchObject({
    totals: { holds: { 'devices-gone': 1 }, holdsBelieved: { 'devices-gone': 1 } },
  });
  expect(store.status().heldSinceMs).toBeUndefined();
  expect(log.messages('warn')).toEqual([
    'most devices are gone from the answer: the last good ones are held',
    'most devices are gone: believed',
  ]);
});

test('a closed store calls nobody back', () => {
  const { store, changes, clock } = setUp();
  store.devices([device('a')], []);
  store.devices([], []);
  store.close();
  clock.advance(600_000);
  expect(changes).toEqual(['a']);
  expect(clock.timers()).toEqual([]);
});

test('a restored list serves, and its loss is held', () => {
  const { store, changes } = setUp();
  store.restore([device('a'), device('b')]);
  expect(store.status().synced).toBe(true);
  store.devices([], []);
  expect(changes).toEqual(['a b']);
});

test('a list is not restored over an answer', () => {
  const { store } = setUp();
  store.devices([device('b')], []);
  store.restore([device('a')]);
  expect(ids(store.current())).toBe('b');
});

test('a device whose entry cannot be read any more stays as it was, one that is gone goes', () => {
  const { store } = setUp();
  store.devices([device('a'), device('b'), device('c')], []);
  store.devices([device('a')], [{ place: 'devices[1] (b)', detail: 'is no device', id: 'b' }]);
  expect(ids(store.current())).toBe('a b');
  expect(store.status().rejected).toBe(1);
});

test('an entry that was never readable counts for nothing', () => {
  const { store } = setUp();
  store.devices([device('a')], [{ place: 'devices[1] (b)', detail: 'is no device', id: 'b' }]);
  expect(ids(store.current())).toBe('a');
});

test('failures are told once for each state, and so is their end', () => {
  const { store, log, clock } = setUp();
  store.devices([device('a')], []);
  store.failed({ reason: 'timeout', detail: 'slow', retryInMs: 1000 });
  clock.advance(1000);
  store.failed({ reason: 'timeout', detail: 'slow', retryInMs: 2000 });
  store.failed({ reason: 'server-error', detail: 'status 500', retryInMs: 4000 });
  expect(store.status().failure).toMatchObject({ reason: 'server-error', sinceMs: clock.now() - 1000 });
  store.devices([device('a')], []);
  store.devices([device('a')], []);
  expect(store.status().failure).toBeUndefined();
  expect(store.status().totals).toMatchObject({ answers: 3, failures: { timeout: 2, 'server-error': 1 } });
  expect(log.lines.map(({ message }) => message)).toEqual([
    'devices cannot be read: the last good ones stay',
    'devices cannot be read: the last good ones stay',
    'devices can be read again',
  ]);
  expect(ids(store.current())).toBe('a');
});

test('what is rejected is told once, the first few by name', () => {
  const { store, log } = setUp();
  const rejected = Array.from({ length: 12 }, (_, index) => ({ place: `devices[${index}]`, detail: 'is no device' }));
  store.devices([device('a')], rejected);
  store.devices([device('a')], rejected);
  expect(log.lines).toHaveLength(11);
  expect(log.lines.at(-1)?.fields).toEqual({ more: 2 });
});
