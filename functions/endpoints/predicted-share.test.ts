import { expect, test } from 'vitest';
import { create } from '@bufbuild/protobuf';
import { LoadBalancingPolicy, LoadBalancingSchema } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { type PredictedLocality, predictShares } from './predicted-share.ts';

// The rows marked so were compared with the answers of a real Envoy 1.40, 1,500 requests each.
test.each([
  { name: 'nothing', localities: [], expected: [] },
  {
    name: 'two clusters of two (real)',
    localities: [locality(0, 1, '++'), locality(0, 2, '++')],
    expected: ['33.3: 16.7 16.7', '66.7: 33.3 33.3'],
  },
  {
    name: 'one host of the first down (real)',
    localities: [locality(0, 1, '-+'), locality(0, 2, '++')],
    expected: ['25.9: 0.0 25.9', '74.1: 37.0 37.0'],
  },
  {
    name: 'both hosts of the first down',
    localities: [locality(0, 1, '--'), locality(0, 2, '++')],
    expected: ['0.0: 0.0 0.0', '100.0: 50.0 50.0'],
  },
  {
    name: 'three of four down: panic, localities ignored',
    localities: [locality(0, 1, '--'), locality(0, 2, '-+')],
    expected: ['50.0: 25.0 25.0', '50.0: 25.0 25.0'],
  },
  {
    name: 'panic with endpoint weights (real)',
    localities: [locality(0, 3, '-', [3]), locality(0, 1, '-'), locality(0, 8, '-+', [1, 2])],
    expected: ['42.9: 42.9', '14.3: 14.3', '42.9: 14.3 28.6'],
  },
  {
    name: 'half of the first priority down: 70 percent stay (real)',
    localities: [locality(0, 1, '-+'), locality(1, 1, '+', [4]), locality(1, 2, '+'), locality(2, 1, '+')],
    expected: ['70.0: 0.0 70.0', '10.0: 10.0', '20.0: 20.0', '0.0: 0.0'],
  },
  {
    name: 'the first priority down (real)',
    localities: [locality(0, 1, '--'), locality(1, 1, '+', [4]), locality(1, 2, '+'), locality(2, 1, '-')],
    expected: ['0.0: 0.0 0.0', '33.3: 33.3', '66.7: 66.7', '0.0: 0.0'],
  },
  {
    name: 'the first priority in panic, the second not (real)',
    localities: [locality(0, 1, '+-'), locality(0, 3, '---'), locality(1, 1, '-', [4]), locality(1, 2, '+')],
    expected: ['11.6: 5.8 5.8', '17.4: 5.8 5.8 5.8', '0.0: 0.0', '71.0: 71.0'],
  },
  {
    name: 'nobody healthy: by the number of hosts (real)',
    localities: [locality(0, 1, '--'), locality(1, 1, '-', [4]), locality(1, 2, '-'), locality(2, 1, '-')],
    expected: ['40.0: 20.0 20.0', '32.0: 32.0', '8.0: 8.0', '20.0: 20.0'],
  },
  {
    name: 'percents that do not divide evenly: the rest goes to the first priority',
    localities: [locality(0, 1, '-'), locality(1, 1, '-'), locality(2, 1, '-')],
    expected: ['34.0: 34.0', '33.0: 33.0', '33.0: 33.0'],
  },
])('$name', ({ localities, expected }) => {
  expect(predictShares(localities, 140).map(format)).toEqual(expected);
});

test('more overprovisioning makes up for more hosts', () => {
  const localities = [locality(0, 1, '-+'), locality(0, 2, '++')];
  expect(predictShares(localities, 200).map(format)).toEqual(['33.3: 0.0 33.3', '66.7: 33.3 33.3']);
  expect(predictShares(localities, 100).map(format)).toEqual(['20.0: 0.0 20.0', '80.0: 40.0 40.0']);
});

/** Two hosts of weight 1, and one of 3 beside one of 1 in a locality of twice the weight. */
const two = (first: string, second: string) => [locality(0, 1, first), locality(0, 2, second, [3, 1])];

// The rows of one priority were compared with a real Envoy 1.40; test/envoy/predictions.test.ts does it again.
test.each([
  { policy: 'ROUND_ROBIN', healthy: two('++', '++'), expected: ['33.3: 16.7 16.7', '66.7: 50.0 16.7'] },
  { policy: 'LEAST_REQUEST', healthy: two('++', '++'), expected: ['33.3: 16.7 16.7', '66.7: 50.0 16.7'] },
  { policy: 'RING_HASH', healthy: two('++', '++'), expected: ['33.3: 16.7 16.7', '66.7: 50.0 16.7'] },
  { policy: 'MAGLEV', healthy: two('++', '++'), expected: ['33.3: 16.7 16.7', '66.7: 50.0 16.7'] },
  { policy: 'RANDOM', healthy: two('++', '++'), expected: ['33.3: 16.7 16.7', '66.7: 33.3 33.3'] },
  { policy: 'ROUND_ROBIN', healthy: two('-+', '++'), expected: ['25.9: 0.0 25.9', '74.1: 55.6 18.5'] },
  { policy: 'MAGLEV', healthy: two('-+', '++'), expected: ['33.3: 0.0 33.3', '66.7: 50.0 16.7'] },
  { policy: 'RANDOM', healthy: two('-+', '++'), expected: ['25.9: 0.0 25.9', '74.1: 37.0 37.0'] },
  { policy: 'ROUND_ROBIN', healthy: two('--', '-+'), expected: ['33.3: 16.7 16.7', '66.7: 50.0 16.7'] },
  { policy: 'MAGLEV', healthy: two('--', '-+'), expected: ['33.3: 16.7 16.7', '66.7: 50.0 16.7'] },
  { policy: 'RANDOM', healthy: two('--', '-+'), expected: ['50.0: 25.0 25.0', '50.0: 25.0 25.0'] },
  { policy: 'RANDOM', panicThreshold: 0, healthy: two('--', '-+'), expected: ['0.0: 0.0 0.0', '100.0: 0.0 100.0'] },
  { policy: 'MAGLEV', panicThreshold: 0, healthy: two('--', '-+'), expected: ['0.0: 0.0 0.0', '100.0: 0.0 100.0'] },
  { policy: 'RANDOM', panicThreshold: 0, healthy: two('--', '--'), expected: ['0.0: 0.0 0.0', '0.0: 0.0 0.0'] },
  { policy: 'RANDOM', panicThreshold: 100, healthy: two('-+', '++'), expected: ['25.9: 0.0 25.9', '74.1: 37.0 37.0'] },
  { policy: 'RANDOM', panicThreshold: 100, healthy: two('-+', '-+'), expected: ['50.0: 25.0 25.0', '50.0: 25.0 25.0'] },
  {
    policy: 'ROUND_ROBIN',
    panicThreshold: 50.5,
    healthy: two('-+', '-+'),
    expected: ['33.3: 16.7 16.7', '66.7: 50.0 16.7'],
  },
  {
    policy: 'ROUND_ROBIN',
    panicThreshold: 50.4,
    healthy: two('-+', '-+'),
    expected: ['33.3: 0.0 33.3', '66.7: 0.0 66.7'],
  },
  {
    policy: 'ROUND_ROBIN',
    panicThreshold: 0,
    healthy: [locality(0, 1, '-+'), locality(1, 1, '--')],
    expected: ['100.0: 0.0 100.0', '0.0: 0.0 0.0'],
  },
] as const)('$policy, panic threshold $panicThreshold: $expected', ({ policy, healthy, expected, ...threshold }) => {
  const settings = create(LoadBalancingSchema, { policy: LoadBalancingPolicy[policy], ...threshold });
  expect(predictShares(healthy, 140, settings).map(format)).toEqual(expected);
});

test('without panic the first priority has it all when rounding leaves no health to anybody', () => {
  const settings = create(LoadBalancingSchema, { panicThreshold: 0 });
  const first = locality(0, 1, `+${'-'.repeat(199)}`);
  const [shares] = predictShares([first, locality(1, 1, `+${'-'.repeat(199)}`)], 140, settings);
  expect(shares?.locality).toBe(1);
  expect(shares?.endpoints[0]).toBe(1);
});

/** A locality with a host for each `+` (healthy) and `-` (not). */
function locality(priority: number, weight: number, hosts: string, weights: readonly number[] = []): PredictedLocality {
  const endpoints = Array.from(hosts).map((host, index) => ({ weight: weights[index] ?? 1, healthy: host === '+' }));
  return { priority, weight, endpoints };
}

function format({ locality, endpoints }: { locality: number; endpoints: readonly number[] }): string {
  return `${percent(locality)}: ${endpoints.map(percent).join(' ')}`;
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}
