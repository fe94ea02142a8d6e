import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitEndpointWeights, type RegionPart, weighLocalities } from './locality-weight.ts';

const max = 4_294_967_295;

describe('weighLocalities', () => {
  test.each([
    { name: 'nothing', parts: [], expected: [] },
    { name: 'one zone a region: the weights themselves', parts: [part('a', 4, 7), part('b', 6, 3)], expected: [4, 6] },
    { name: 'by sum', parts: [part('a', undefined, 7), part('b', undefined, 3)], expected: [7, 3] },
    { name: 'by sum, in two zones', parts: [part('a', undefined, 7), part('a', undefined, 3)], expected: [7, 3] },
    { name: 'evenly divisible', parts: [part('a', 6, 1), part('a', 6, 2), part('b', 1, 9)], expected: [2, 4, 1] },
    { name: 'scaled once', parts: [part('a', 1, 1), part('a', 1, 2), part('b', 2, 9)], expected: [1, 2, 6] },
    {
      name: 'scaled by the least multiple',
      parts: [part('a', 1, 1), part('a', 1, 3), part('b', 1, 1), part('b', 1, 5)],
      expected: [3, 9, 2, 10],
    },
  ])('$name', ({ parts, expected }) => {
    expect(weighLocalities(parts)).toEqual(expected);
  });

  test('whatever the numbers, Envoy can take the weights and regions keep their ratio', () => {
    const weight = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 999_000, max: 1_000_000 }));
    const region = fc.record({ regionWeight: weight, zones: fc.array(weight, { minLength: 1, maxLength: 8 }) });
    fc.assert(
      fc.property(fc.array(region, { minLength: 1, maxLength: 12 }), (regions) => {
        const parts = regions.flatMap(({ regionWeight, zones }, index) =>
          zones.map((endpointWeight) => part(`r${index}`, regionWeight, endpointWeight)),
        );
        const weights = weighLocalities(parts);
        const total = sum(weights);
        expect(total).toBeLessThanOrEqual(max);
        expect(weights.every((value) => Number.isInteger(value) && value >= 1)).toBe(true);
        const regionTotal = sum(regions.map(({ regionWeight }) => regionWeight));
        for (const [index, { regionWeight }] of regions.entries()) {
          const own = weights.filter((_, at) => parts[at]?.region === `r${index}`);
          expect(sum(own) / total).toBeCloseTo(regionWeight / regionTotal, 7);
        }
      }),
    );
  });

  test('more than Envoy takes is scaled down', () => {
    const parts = Array.from({ length: 5000 }, (_, index) => part(`r${index}`, index === 0 ? 1 : 1_000_000, 1));
    const weights = weighLocalities(parts);
    expect(sum(weights)).toBeLessThanOrEqual(max);
    expect(weights[0]).toBe(1);
    expect(new Set(weights.slice(1))).toHaveLength(1);
  });
});

describe('fitEndpointWeights', () => {
  test.each([
    { name: 'none', weights: [], expected: [] },
    { name: 'what fits stays', weights: [1, 1_000_000, max - 1_000_001], expected: [1, 1_000_000, max - 1_000_001] },
    { name: 'what does not is scaled', weights: [1, max, max], expected: [1, 2_147_483_645, 2_147_483_645] },
  ])('$name', ({ weights, expected }) => {
    expect(fitEndpointWeights(weights)).toEqual(expected);
  });
});

function part(region: string, regionWeight: number | undefined, endpointWeight: number): RegionPart {
  return { region, regionWeight, endpointWeight };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
