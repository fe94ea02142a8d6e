import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EndpointState,
  type ScenarioResult,
  SimulateEndpointsRequestSchema,
  SimulateEndpointsResponseSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { formatGolden, readGoldenCases, readGoldenOutput } from '../golden/node.ts';
import { arbitrarySimulation } from './arbitrary-simulation.ts';
import { computeEndpoints } from './endpoints.ts';
import { simulateEndpoints } from './simulation.ts';

describe('golden cases of simulations', () => {
  const folder = `${import.meta.dirname}/testdata/simulate-endpoints`;
  test.each(readGoldenCases(folder, SimulateEndpointsRequestSchema))('$name', (golden) => {
    const actual = formatGolden(SimulateEndpointsResponseSchema, simulateEndpoints(golden.request));
    expect(actual).toBe(readGoldenOutput(golden, actual));
  });
});

describe('for any simulation', () => {
  const parameters = { numRuns: 300 };

  test('a scenario of hosts alone has the shares that ComputeEndpoints gives with them unhealthy', () => {
    fc.assert(
      fc.property(arbitrarySimulation, ({ inputs, scenarios }) => {
        if (inputs === undefined) return;
        const [scenario] = scenarios;
        const hostsDown = scenario?.hostsDown ?? [];
        const expected = computeEndpoints({ ...inputs, unhealthy: [...inputs.unhealthy, ...hostsDown] });
        const request = create(SimulateEndpointsRequestSchema, { inputs, scenarios: [{ name: 's', hostsDown }] });
        const simulated = simulateEndpoints(request);
        expect(sharesOf(simulated.scenarios[0])).toEqual(
          expected.groups.map(({ localities }) => localities.map(({ share }) => share)),
        );
      }),
      parameters,
    );
  });

  test('shares sum to 1 or to 0, changes to their difference, and what is drained has none', () => {
    fc.assert(
      fc.property(arbitrarySimulation, (request) => {
        for (const { groups } of simulateEndpoints(request).scenarios) {
          for (const { localities } of groups) {
            const endpoints = localities.flatMap(({ endpoints }) => endpoints);
            const [share, healthy] = [sum(endpoints, 'share'), sum(endpoints, 'healthyShare')];
            expect(share === 0 || Math.abs(share - 1) < 1e-9).toBe(true);
            expect(sum(localities, 'share')).toBeCloseTo(share, 9);
            expect(sum(endpoints, 'change')).toBeCloseTo(share - healthy, 9);
            const drained = endpoints.filter(({ state }) => state === EndpointState.DRAINED);
            expect(drained.every((endpoint) => endpoint.share === 0)).toBe(true);
            const ids = endpoints.map(({ deviceId }) => deviceId);
            expect(new Set(ids).size).toBe(ids.length);
          }
        }
      }),
      parameters,
    );
  });

  test('the order of lists changes no byte', () => {
    fc.assert(
      fc.property(arbitrarySimulation, (request) => {
        const scenarios = request.scenarios.map(({ name, hostsDown, devicesDown, devicesDrained, localitiesDown }) => ({
          name,
          hostsDown: hostsDown.toReversed(),
          devicesDown: devicesDown.toReversed(),
          devicesDrained: devicesDrained.toReversed(),
          localitiesDown: localitiesDown.toReversed(),
        }));
        const reversed = create(SimulateEndpointsRequestSchema, {
          inputs: request.inputs,
          scenarios: scenarios.toReversed(),
        });
        const other = simulateEndpoints(reversed);
        expect(toBinary(SimulateEndpointsResponseSchema, other)).toEqual(
          toBinary(SimulateEndpointsResponseSchema, simulateEndpoints(request)),
        );
      }),
      parameters,
    );
  });
});

function sharesOf(result: ScenarioResult | undefined): number[][] {
  return (result?.groups ?? []).map(({ localities }) => localities.map(({ share }) => share));
}

function sum<K extends string>(items: readonly Readonly<Record<K, number>>[], key: K): number {
  return items.reduce((total, item) => total + item[key], 0);
}
