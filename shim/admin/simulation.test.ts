import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryRequest } from '../../functions/endpoints/arbitrary-request.ts';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { ComputeEndpointsRequestSchema, GroupResultSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { LoadBalancingPolicy, LoadBalancingSchema } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { simulate } from './simulation.ts';

const { groups } = computeEndpoints(
  create(ComputeEndpointsRequestSchema, {
    now: timestampFromMs(0),
    groups: [
      { name: 'all', port: 8080 },
      { name: 'east', port: 9000, selectorTags: ['tag:east'] },
    ],
    devices: [
      { id: '1', name: 'west-1.tail.ts.net', addresses: ['100.64.0.1'], tags: ['tag:weight-1'], authorized: true },
      { id: '2', name: 'west-2.tail.ts.net', addresses: ['100.64.0.2'], tags: ['tag:weight-1'], authorized: true },
      {
        id: '3',
        name: 'east-1.tail.ts.net',
        addresses: ['100.64.0.3'],
        tags: ['tag:weight-2', 'tag:east'],
        authorized: true,
      },
      { id: '4', name: 'east-2.tail.ts.net', addresses: ['fd7a::4'], tags: ['tag:weight-2'], authorized: true },
    ],
  }),
);

function shares(down: readonly string[], group = 'all') {
  const answer = simulate(groups, { down, group });
  if (!answer.ok) throw new Error(answer.detail);
  const [found] = answer.simulation.groups;
  return (found?.localities ?? []).flatMap(({ endpoints }) => endpoints.map(({ after }) => Math.round(1000 * after)));
}

describe('a simulation', () => {
  it.each([
    { name: 'nothing', down: [], shares: [167, 167, 333, 333] },
    { name: 'a host', down: ['100.64.0.1:8080'], shares: [0, 259, 370, 370] },
    { name: 'an address', down: ['100.64.0.1'], shares: [0, 259, 370, 370] },
    { name: 'a device', down: ['west-1.tail.ts.net'], shares: [0, 259, 370, 370] },
    { name: 'a short name in any case', down: ['West-1'], shares: [0, 259, 370, 370] },
    { name: 'a device by its id', down: ['1'], shares: [0, 259, 370, 370] },
    { name: 'IPv6', down: ['[fd7a::4]:8080'], shares: [208, 208, 583, 0] },
    { name: 'a locality', down: ['tag:weight-1'], shares: [0, 0, 500, 500] },
  ])('takes down: $name', ({ down, shares: expected }) => {
    expect(shares(down)).toEqual(expected);
  });

  it('tells the groups that are touched, and how many are not', () => {
    const touched = (down: readonly string[]) => {
      const answer = simulate(groups, { down });
      return answer.ok
        ? [answer.simulation.groups.map(({ name }) => name), answer.simulation.untouched]
        : answer.detail;
    };
    expect(touched(['west-1'])).toEqual([['all'], 1]);
    expect(touched(['east-1'])).toEqual([['all', 'east'], 0]);
    expect(touched([])).toEqual([['all', 'east'], 0]);
  });

  it('tells panic, and that nobody is left', () => {
    const answer = simulate(groups, { down: ['east-1'], group: 'east' });
    expect(answer).toMatchObject({ ok: true, simulation: { groups: [{ healthy: 0, panic: true }] } });
  });

  it.each([
    { loadBalancing: {}, tells: { policy: 'round-robin', panicThreshold: 50, panic: true } },
    {
      loadBalancing: { policy: LoadBalancingPolicy.RING_HASH, panicThreshold: 100 },
      tells: { policy: 'ring-hash', panicThreshold: 100, panic: true },
    },
    { loadBalancing: { panicThreshold: 0 }, tells: { policy: 'round-robin', panicThreshold: 0, panic: false } },
  ])('tells what it was predicted for: $tells', ({ loadBalancing, tells }) => {
    const balanced = groups.map((group) =>
      create(GroupResultSchema, { ...group, loadBalancing: create(LoadBalancingSchema, loadBalancing) }),
    );
    const answer = simulate(balanced, { down: ['west-1', 'west-2', 'east-1'], group: 'all' });
    expect(answer).toMatchObject({ ok: true, simulation: { groups: [{ healthy: 1, ...tells }] } });
  });

  it.each([
    { query: { down: ['nix'] }, text: '"nix" is no host, device or tag that serves; there are 100.64.0.1:8080' },
    { query: { down: [], group: 'nix' }, text: 'there is no "nix"; there are all, east' },
    { query: { down: ['west-1'], group: 'east' }, text: '"west-1" is no host' },
  ])('says what there is instead of $query', ({ query, text }) => {
    expect(simulate(groups, query)).toEqual({ ok: false, detail: expect.stringContaining(text) });
  });

  it('predicts what the function predicts with the same hosts unhealthy', () => {
    fc.assert(
      fc.property(arbitraryRequest, fc.infiniteStream(fc.boolean()), (request, coin) => {
        const results = computeEndpoints({ ...request, unhealthy: [] }).groups;
        const hosts = results.flatMap(({ localities }) =>
          localities.flatMap(({ endpoints }) =>
            endpoints.map(({ address, port }) =>
              address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
            ),
          ),
        );
        const down = [...new Set(hosts)].filter(() => coin.next().value === true);
        const answer = simulate(results, { down });
        const expected = computeEndpoints({ ...request, unhealthy: down }).groups;
        expect(answer.ok).toBe(true);
        for (const group of answer.ok ? answer.simulation.groups : []) {
          const same = expected.find(({ name }) => name === group.name);
          expect(group.localities.map(({ after }) => after)).toEqual(same?.localities.map(({ share }) => share));
          expect(group.localities.flatMap(({ endpoints }) => endpoints.map(({ after }) => after))).toEqual(
            same?.localities.flatMap(({ endpoints }) => endpoints.map(({ share }) => share)),
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});
