import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { DeviceSchema, type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import type { RejectedDevice } from './device-source.ts';
import type { Answer, RequestFailure } from './json-request.ts';
import { createPostureAttributes } from './posture-attributes.ts';

const never = new AbortController().signal;
const fleet = (count: number) => Array.from({ length: count }, (_, index) => create(DeviceSchema, { id: `d${index}` }));

function setUp(answer: (id: string) => Answer<unknown>, perPoll = 16) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const asked: string[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  let lastRejected: readonly RejectedDevice[] = [];
  const attributes = createPostureAttributes({
    async read(id) {
      asked.push(id);
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      await Promise.resolve();
      atOnce--;
      return answer(id);
    },
    wants: () => true,
    limits: { perPoll, maxAgeMs: 300_000, pollIntervalMs: 30_000 },
    budgetMs: 10_000,
    clock,
    log,
  });
  const poll = async (devices: readonly Device[]) => {
    const reports: (string | undefined)[][] = [];
    await attributes.complete(
      devices,
      (list, rejected) => {
        reports.push(list.map((device) => device.attributes['custom:x']?.value));
        lastRejected = rejected;
      },
      never,
    );
    return { reports, asked: asked.splice(0) };
  };
  return { clock, log, poll, rejected: () => lastRejected, mostAtOnce: () => mostAtOnce };
}

const value = (text: string): Answer<unknown> => ({ ok: true, value: { attributes: { 'custom:x': text } } });
const failure = (reason: RequestFailure['reason'], retryAfterMs?: number): Answer<never> => ({
  ok: false,
  failure: { reason, detail: 'no', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
});

test('new devices are reported with their attributes, known ones at once', async () => {
  let text = '1';
  const { poll } = setUp(() => value(text));
  expect((await poll(fleet(1))).reports).toEqual([['1']]);
  expect((await poll(fleet(1))).reports).toEqual([['1']]);
  text = '2';
  expect((await poll(fleet(1))).reports).toEqual([['1'], ['2']]);
  expect((await poll(fleet(2))).reports).toEqual([['2', '2']]);
});

test('a few requests at the same time', async () => {
  const { poll, mostAtOnce } = setUp(() => value('1'));
  expect((await poll(fleet(100))).asked).toHaveLength(100);
  expect(mostAtOnce()).toBe(8);
});

test('one device that fails keeps what was known, and the others are read', async () => {
  let failing = false;
  const { poll, log, clock } = setUp((id) =>
    failing && id === 'd0' ? failure('server-error') : value(failing ? '2' : '1'),
  );
  await poll(fleet(3));
  failing = true;
  expect((await poll(fleet(3))).reports).toEqual([
    ['1', '1', '1'],
    ['1', '2', '2'],
  ]);
  expect((await poll(fleet(3))).asked).toEqual(['d1', 'd2']);
  clock.advance(30_000);
  expect((await poll(fleet(3))).asked).toContain('d0');
  expect(log.messages('warn')).toEqual([]);
});

test.each([
  { name: 'a missing scope', reason: 'forbidden', retryAfterMs: undefined, pausedForMs: 300_000 },
  { name: 'a missing feature', reason: 'not-found', retryAfterMs: undefined, pausedForMs: 300_000 },
  { name: 'an outage', reason: 'timeout', retryAfterMs: undefined, pausedForMs: 30_000 },
  { name: 'a rate limit', reason: 'rate-limited', retryAfterMs: undefined, pausedForMs: 30_000 },
  { name: 'a rate limit with a time', reason: 'rate-limited', retryAfterMs: 90_000, pausedForMs: 90_000 },
] as const)(
  '$name is told once, and is not asked about for every device',
  async ({ reason, retryAfterMs, pausedForMs }) => {
    let failing = true;
    const { poll, log, clock } = setUp(() => (failing ? failure(reason, retryAfterMs) : value('1')));
    expect((await poll(fleet(100))).asked.length).toBeLessThan(12);
    clock.advance(pausedForMs - 1);
    expect(await poll(fleet(100))).toEqual({ reports: [fleet(100).map(() => undefined)], asked: [] });
    clock.advance(1);
    expect((await poll(fleet(100))).asked.length).toBeLessThan(12);
    expect(log.messages('warn')).toHaveLength(1);
    failing = false;
    clock.advance(pausedForMs);
    expect((await poll(fleet(100))).asked).toHaveLength(100);
    expect(log.messages('info')).toEqual(['posture attributes can be read again']);
  },
);

test('what takes too long is left for the next poll', async () => {
  const setup = setUp(() => {
    setup.clock.advance(2000);
    return value('1');
  });
  const { asked } = await setup.poll(fleet(100));
  expect(asked.length).toBeLessThan(20);
  expect((await setup.poll(fleet(100))).asked).not.toContain('d0');
});

test.each([
  { name: 'null', answer: null },
  { name: 'a list', answer: [] },
  { name: 'an empty object', answer: {} },
  { name: 'attributes that are none', answer: { attributes: null } },
  { name: 'attributes in a list', answer: { attributes: [] } },
  { name: 'attributes in a text', answer: { attributes: 'custom:x' } },
  { name: 'ends in a list', answer: { attributes: { 'custom:x': '2' }, expiries: [] } },
])('$name is no answer, and told until there is one', async ({ answer }) => {
  let next: Answer<unknown> = value('1');
  const { poll, rejected, clock } = setUp(() => next);
  await poll(fleet(1));
  next = { ok: true, value: answer };
  expect((await poll(fleet(1))).reports).toEqual([['1'], ['1']]);
  const told = [
    {
      place: 'device d0: attributes',
      detail: expect.stringMatching(/^an answer has .*check the API address; the last known attributes stay$/),
    },
  ];
  expect(rejected()).toEqual(told);
  expect((await poll(fleet(1))).reports).toEqual([['1']]);
  expect(rejected()).toEqual(told);
  next = value('1');
  clock.advance(30_000);
  await poll(fleet(1));
  expect(rejected()).toEqual([]);
});

test('no attributes at all, not even those that every device has, are believed only after a while', async () => {
  let next: Answer<unknown> = value('1');
  const { poll, rejected, clock } = setUp(() => next);
  await poll(fleet(1));
  next = { ok: true, value: { attributes: {}, expiries: {} } };
  await poll(fleet(1));
  expect(rejected()).toMatchObject([{ detail: expect.stringContaining('no attributes at all') }]);
  clock.advance(299_999);
  expect((await poll(fleet(1))).reports).toEqual([['1']]);
  clock.advance(30_000);
  expect((await poll(fleet(1))).reports).toEqual([['1'], [undefined]]);
  expect(rejected()).toEqual([]);
});

test.each([
  { name: 'attributes of its own', attributes: { 'node:os': 'linux' } },
  { name: 'another attribute', attributes: { 'custom:y': 1 } },
])('an answer with $name takes those away that it does not name', async ({ attributes }) => {
  let next: Answer<unknown> = value('1');
  const { poll, rejected } = setUp(() => next);
  await poll(fleet(1));
  next = { ok: true, value: { attributes } };
  expect((await poll(fleet(1))).reports).toEqual([['1'], [undefined]]);
  expect(rejected()).toEqual([]);
});

test('a device without any, of which none are known, is an answer', async () => {
  const { poll, rejected } = setUp(() => ({ ok: true, value: { attributes: {} } }));
  expect((await poll(fleet(1))).reports).toEqual([[undefined]]);
  expect(rejected()).toEqual([]);
});

test('an attribute with a bad shape is left out alone, and told as long as it is there', async () => {
  let attributes: object = { 'custom:x': '1', 'custom:lb-weight': [3] };
  const { poll, rejected } = setUp(() => ({ ok: true, value: { attributes } }));
  expect((await poll(fleet(1))).reports).toEqual([['1']]);
  const told = [
    {
      place: 'device d0: attributes["custom:lb-weight"]',
      detail: expect.stringMatching(/^is a list of 1, but must be .*: write "custom:lb-weight": 3$/),
    },
  ];
  expect(rejected()).toEqual(told);
  await poll(fleet(1));
  expect(rejected()).toEqual(told);
  attributes = { 'custom:x': '1', 'custom:lb-weight': 3 };
  await poll(fleet(1));
  expect(rejected()).toEqual([]);
});

test('a device that was away for a moment keeps its attributes, after long it is new', async () => {
  let failing = false;
  const { poll, clock } = setUp(() => (failing ? failure('timeout') : value('1')));
  await poll(fleet(1));
  await poll([]);
  failing = true;
  expect((await poll(fleet(1))).reports).toEqual([['1']]);
  clock.advance(3_600_001);
  await poll([]);
  expect((await poll(fleet(1))).reports).toEqual([[undefined]]);
});
