import { create, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { GroupSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { KnownDevice } from './device-book.ts';
import { type GroupInput, computeEndpointBatches, planBatches } from './endpoint-batches.ts';

function knownDevice(id: number): KnownDevice {
  const device = create(DeviceSchema, { id: `d${id}`, tags: ['tag:weight-1'], addresses: [`100.64.0.${id % 256}`] });
  return { device, tags: new Set(device.tags), size: toBinary(DeviceSchema, device).length };
}

const devices = Array.from({ length: 50 }, (_, i) => knownDevice(i));

const input = (name: string, count: number): GroupInput => ({
  group: create(GroupSchema, { name, port: 80 }),
  devices: devices.slice(0, count),
});

const named = (batches: readonly (readonly GroupInput[])[]) =>
  batches.map((batch) => batch.map(({ group }) => group.name).join(' '));

describe('a plan of calls', () => {
  it.each([
    { name: 'nothing', inputs: [], limits: {}, batches: [] },
    { name: 'all in one', inputs: [input('a', 10), input('b', 0), input('c', 10)], limits: {}, batches: ['a b c'] },
    {
      name: 'devices count once for each group',
      inputs: [input('a', 10), input('b', 10), input('c', 1)],
      limits: { members: 20 },
      batches: ['a b', 'c'],
    },
    {
      name: 'a large group is alone, and whole',
      inputs: [input('a', 5), input('b', 50), input('c', 5)],
      limits: { members: 20 },
      batches: ['a', 'b', 'c'],
    },
    { name: 'bytes', inputs: [input('a', 2), input('b', 2)], limits: { bytes: 100 }, batches: ['a', 'b'] },
    {
      name: 'groups without devices',
      inputs: [input('a', 0), input('b', 0), input('c', 0)],
      limits: { groups: 2 },
      batches: ['a b', 'c'],
    },
  ])('$name', ({ inputs, limits, batches }) => {
    const all = { members: 1000, groups: 1000, bytes: 1e6, ...limits };
    expect(named(planBatches(inputs, all))).toEqual(batches);
  });
});

describe('computing them', () => {
  const inputs = Array.from({ length: 600 }, (_, i) => input(`g${i}`, 5));

  it('leaves out the one group that is refused', async () => {
    const { answered, failed } = await computeEndpointBatches(
      {
        async computeEndpoints(request) {
          if (request.groups.some(({ name }) => name === 'g401')) throw new ConnectError('no', Code.InvalidArgument);
          return computeEndpoints(request);
        },
      },
      inputs,
      0,
    );
    expect(failed).toEqual([expect.objectContaining({ name: 'g401', permanent: true })]);
    expect(answered.flatMap(({ groups }) => groups)).toHaveLength(599);
  });

  it('stops asking who is away, and loses no group', async () => {
    let calls = 0;
    const { answered, failed } = await computeEndpointBatches(
      {
        async computeEndpoints(request) {
          if (++calls > 1) throw new ConnectError('away', Code.Unavailable);
          return computeEndpoints(request);
        },
      },
      inputs,
      0,
    );
    const names = [
      ...answered.flatMap(({ groups }) => groups.map(({ name }) => name)),
      ...failed.map(({ name }) => name),
    ];
    expect(names.toSorted()).toEqual(inputs.map(({ group }) => group.name).toSorted());
    expect(calls).toBeLessThanOrEqual(4);
    expect(failed.every(({ permanent }) => !permanent)).toBe(true);
  });
});
