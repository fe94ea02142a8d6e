import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { AttributeSchema, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { planAttributes, type AttributesLimits, type KnownAttributes } from './posture-plan.ts';

const device = (id: string, tags: string[] = [], online?: boolean) =>
  create(DeviceSchema, { id, tags, ...(online === undefined ? {} : { online }) });
const limits: AttributesLimits = { perPoll: 2, maxAgeMs: 300_000, pollIntervalMs: 30_000 };
const listing = JSON.stringify(['', [], [], false]);
const read = (readAtMs: number, more: Partial<KnownAttributes> = {}): KnownAttributes => ({
  attributes: {},
  listing,
  readAtMs,
  notBeforeMs: -Infinity,
  listedAtMs: readAtMs,
  rejected: [],
  ...more,
});
const fromBefore = read(-Infinity, {
  listing: '',
  attributes: { 'custom:x': create(AttributeSchema, { value: '1' }) },
});

const cases: readonly {
  name: string;
  wanted: ReturnType<typeof device>[];
  known?: Record<string, KnownAttributes>;
  limits?: Partial<AttributesLimits>;
  due: string[];
}[] = [
  { name: 'nobody', wanted: [], due: [] },
  { name: 'every new one', wanted: ['a', 'b', 'c'].map((id) => device(id)), due: ['a new', 'b new', 'c new'] },
  {
    name: 'those that were read longest ago',
    wanted: ['a', 'b', 'c'].map((id) => device(id)),
    known: { a: read(500), b: read(300), c: read(400) },
    due: ['b', 'c'],
  },
  {
    name: 'new ones and changed ones, besides those that were read longest ago',
    wanted: [device('a'), device('b', ['tag:x']), device('c'), device('d'), device('e')],
    known: { a: read(300), b: read(900), d: read(500), e: read(400) },
    due: ['b', 'c new', 'a', 'e'],
  },
  {
    name: 'coming online is no change',
    wanted: [device('a', [], true)],
    known: { a: read(300) },
    limits: { perPoll: 0, maxAgeMs: Infinity },
    due: [],
  },
  { name: 'one of a former run is not new', wanted: [device('a')], known: { a: fromBefore }, due: ['a'] },
  {
    name: 'what has failed waits',
    wanted: [device('a'), device('b')],
    known: { a: read(-Infinity, { listing: '', notBeforeMs: 1001 }), b: read(300, { notBeforeMs: 1000 }) },
    due: ['b'],
  },
  {
    name: 'as many as it takes to read all in time',
    wanted: Array.from({ length: 40 }, (_, index) => device(`d${index}`)),
    known: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`d${index}`, read(index)])),
    due: ['d0', 'd1', 'd2', 'd3'],
  },
];

test.each(cases)('$name', ({ wanted, known = {}, limits: changed, due }) => {
  const planned = planAttributes(wanted, new Map(Object.entries(known)), 1000, { ...limits, ...changed });
  expect(planned.map(({ device, isNew }) => (isNew ? `${device.id} new` : device.id))).toEqual(due);
});
