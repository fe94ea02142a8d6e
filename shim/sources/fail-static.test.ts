import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFakeTailscale, type FakeTailscale } from '../../test/fake-tailscale/fake-tailscale.ts';
import type { FaultKind } from '../../test/fake-tailscale/faults.ts';
import { tailscaleDevice } from '../../test/fake-tailscale/tailnet.ts';
import { createDeviceStore, type DeviceStoreStatus } from './device-store.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createTailscaleSource } from './tailscale-source.ts';

// The promise as a whole: an API, a source and a store, and what of the devices is left when the API goes wrong.

/** Unlike every wait between polls, so that the fake clock's timers can be told from each other. */
const requestTimeoutMs = 9999;
const holdMs = 300_000;
const soon = { timeout: 10_000, interval: 2 };

let fake: FakeTailscale;
const abort = { current: new AbortController() };
let run: Promise<void>;
beforeEach(async () => {
  fake = await createFakeTailscale();
  fake.setDevices([1, 2, 3, 4].map((number) => tailscaleDevice(number)));
  abort.current = new AbortController();
});
afterEach(async () => {
  abort.current.abort();
  await run;
  await fake.close();
});

function start() {
  const clock = createFakeClock();
  const log = createFakeLog();
  const store = createDeviceStore({ clock, log, holdMs, onChange: () => undefined });
  const source = createTailscaleSource({
    apiUrl: fake.url,
    tailnet: '-',
    credentials: { kind: 'oauth', ...fake.oauthClient },
    pollIntervalMs: 30_000,
    requestTimeoutMs,
    fetch,
    clock,
    random: () => 0.5,
    log,
  });
  run = source.run(store, abort.current.signal);
  const polls = ({ totals }: DeviceStoreStatus) =>
    totals.answers + Object.values(totals.failures).reduce((sum, count) => sum + count, 0);
  const waitsForPoll = () => clock.timers().some((ms) => ms !== requestTimeoutMs && ms <= 60_000);
  return {
    clock,
    store,
    names: () => store.current()?.map(({ name }) => name.slice(0, 5)),
    /** Resolves when the next poll is over. */
    async polled(): Promise<void> {
      const before = polls(store.status());
      const requests = fake.requests.length;
      if (waitsForPoll()) clock.advance(clock.timers().find((ms) => ms <= 60_000) ?? 0);
      if (hangs) {
        await vi.waitUntil(() => fake.requests.length > requests, soon);
        clock.advance(requestTimeoutMs);
      }
      await vi.waitUntil(() => polls(store.status()) > before && waitsForPoll(), soon);
    },
  };
}

let hangs = false;
function fault(kind?: FaultKind): void {
  hangs = kind === 'hang' || kind === 'stall';
  fake.fault(kind, { on: 'devices' });
}

const noHolds = { 'devices-gone': 0, 'devices-offline': 0, 'first-answer': 0 };

const all = ['web-1', 'web-2', 'web-3', 'web-4'];

test.each([
  'unauthorized',
  'forbidden',
  'not-found',
  'rate-limited',
  'server-error',
  'unavailable',
  'redirect',
  'hang',
  'stall',
  'reset',
  'reset-body',
  'garbage',
  'html',
  'empty',
  'truncated',
  'empty-object',
  'null',
  'list',
  'huge',
  'all-wrong-types',
  'wrong-types',
  'far-end',
  'half-name',
  'half-tag',
  'bad-attributes',
] as const)('%s leaves the devices in place, however long it lasts', async (kind) => {
  const { names, polled, clock, store } = start();
  await polled();
  fault(kind);
  await polled();
  clock.advance(2 * holdMs);
  await polled();
  expect(names()).toEqual(all);
  expect(store.status()).toMatchObject({ synced: true, totals: { holds: noHolds } });
  fault();
  await polled();
  expect(store.status().failure).toBeUndefined();
});

test.each([
  { kind: 'nobody', left: [] },
  { kind: 'one-left', left: ['web-1'] },
] as const)('$kind is held for the grace period, and then believed', async ({ kind, left }) => {
  const { names, polled, clock, store } = start();
  await polled();
  fault(kind);
  await polled();
  expect(names()).toEqual(all);
  clock.advance(holdMs);
  expect(names()).toEqual(left);
  expect(store.status()).toMatchObject({
    totals: { holds: { 'devices-gone': 1 }, holdsBelieved: { 'devices-gone': 1 } },
  });
});

test('nobody for a moment is nothing', async () => {
  const { names, polled, clock, store } = start();
  await polled();
  fault('nobody');
  await polled();
  fault();
  await polled();
  clock.advance(holdMs);
  expect(names()).toEqual(all);
  expect(store.status()).toMatchObject({ totals: { holds: { 'devices-gone': 1 }, holdsBelieved: noHolds } });
});

test('an identifier that is none takes its device away, and nobody else', async () => {
  const { names, polled, store } = start();
  await polled();
  fault('half-id');
  await polled();
  expect(names()).toEqual(['web-2', 'web-3', 'web-4']);
  expect(store.status().rejected).toBe(1);
});

test('half of the devices may go at once', async () => {
  const { names, polled } = start();
  await polled();
  fault('half');
  await polled();
  expect(names()).toEqual(['web-1', 'web-2']);
});

const setAll = (fields: object) => fake.setDevices([1, 2, 3, 4].map((number) => tailscaleDevice(number, fields)));

test('everybody offline at once is held for the grace period, and then believed', async () => {
  const { polled, clock, store } = start();
  await polled();
  const connected = () => store.current()?.map(({ online }) => online);
  setAll({ connectedToControl: false, lastSeen: '2025-12-31T00:00:00Z' });
  await polled();
  expect(connected()).toEqual([true, true, true, true]);
  expect(store.status()).toMatchObject({ heldCause: 'devices-offline' });
  clock.advance(holdMs);
  expect(connected()).toEqual([false, false, false, false]);
});

test('nobody authorized, and no tags, count at once, offline or not', async () => {
  const { polled, store } = start();
  await polled();
  setAll({ connectedToControl: false, authorized: false, tags: [] });
  await polled();
  expect(store.status()).toMatchObject({ heldCause: 'devices-offline' });
  expect(store.current()?.map(({ authorized, tags, online }) => ({ authorized, tags, online }))).toEqual(
    all.map(() => ({ authorized: false, tags: [], online: true })),
  );
});

test('nobody in the first answer is nothing until the grace period is over, or somebody is there', async () => {
  fault('nobody');
  const { names, polled, clock, store } = start();
  await polled();
  expect(store.status()).toMatchObject({ synced: false, heldCause: 'first-answer' });
  fault();
  await polled();
  expect(names()).toEqual(all);
  fault('nobody');
  await polled();
  clock.advance(holdMs);
  expect(names()).toEqual([]);
});
