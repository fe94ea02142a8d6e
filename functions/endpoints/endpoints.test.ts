import { clone, create, equals, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  ComputeEndpointsResponseSchema,
  type GroupResult,
  GroupSchema,
  Untagged,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { formatGolden, readGoldenCases, readGoldenOutput } from '../golden/node.ts';
import { arbitraryRequest } from './arbitrary-request.ts';
import { computeEndpoints } from './endpoints.ts';

const cases = readGoldenCases(`${import.meta.dirname}/testdata/compute-endpoints`, ComputeEndpointsRequestSchema);

describe('golden cases', () => {
  test.each(cases)('$name', (golden) => {
    const actual = formatGolden(ComputeEndpointsResponseSchema, computeEndpoints(golden.request));
    expect(actual).toBe(readGoldenOutput(golden, actual));
  });
});

describe('for any request', () => {
  const parameters = { numRuns: 400 };

  test('the order of lists and maps changes no byte', () => {
    const shuffled = fc
      .tuple(arbitraryRequest, fc.integer())
      .map(([request, seed]) => [request, shuffle(request, seed)] as const);
    fc.assert(
      fc.property(shuffled, ([request, other]) => {
        expect(bytesOf(other)).toEqual(bytesOf(request));
      }),
      parameters,
    );
  });

  test('the request is left as it was, and computing it twice gives the same', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const before = clone(ComputeEndpointsRequestSchema, request);
        const first = bytesOf(request);
        expect(equals(ComputeEndpointsRequestSchema, request, before)).toBe(true);
        expect(bytesOf(request)).toEqual(first);
      }),
      parameters,
    );
  });

  test('every selected device is an endpoint once or is excluded, and nobody else is either', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        for (const result of computeEndpoints(request).groups) {
          const group = request.groups.find(({ name }) => name === result.name);
          const tailnets = group?.tailnets.length === 0 ? [''] : group?.tailnets;
          const selected = request.devices.filter(
            ({ tags, tailnet }) =>
              tailnets?.includes(tailnet) && group?.selectorTags.every((tag) => tags.includes(tag)),
          );
          const told = [...endpointsOf(result), ...result.excluded].map(({ deviceId }) => deviceId);
          expect(told.toSorted()).toEqual(selected.map(({ id }) => id).toSorted());
        }
      }),
      parameters,
    );
  });

  test('the load assignment is what the localities say, and Envoy can take it', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        computeEndpoints(request).groups.forEach(expectSoundAssignment);
      }),
      parameters,
    );
  });

  test('shares sum to 1, or to 0 where there is no endpoint, or no healthy one and no panic', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        for (const result of computeEndpoints(request).groups) {
          const localities = sum(result.localities.map(({ share }) => share));
          const endpoints = endpointsOf(result);
          const panics = (result.loadBalancing?.panicThreshold ?? 50) >= 0.5;
          const served = endpoints.length > 0 && (panics || endpoints.some(({ healthy }) => healthy));
          expect(localities).toBeCloseTo(served ? 1 : 0, 9);
          expect(sum(endpoints.map(({ share }) => share))).toBeCloseTo(served ? 1 : 0, 9);
          expect(panics || endpoints.every(({ healthy, share }) => healthy || share === 0)).toBe(true);
        }
      }),
      parameters,
    );
  });

  test('unhealthy hosts change predictions, never what Envoy is given', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const healthy = computeEndpoints(create(ComputeEndpointsRequestSchema, { ...request, unhealthy: [] }));
        const assignments = healthy.groups.map(({ loadAssignment }) => loadAssignment);
        expect(computeEndpoints(request).groups.map(({ loadAssignment }) => loadAssignment)).toEqual(assignments);
      }),
      parameters,
    );
  });

  test('nothing changes before valid_until, and without one never', () => {
    const later = fc.tuple(arbitraryRequest, fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(later, ([request, fraction]) => {
        const response = computeEndpoints(request);
        const now = request.now === undefined ? 0 : timestampMs(request.now);
        const end = response.validUntil === undefined ? now + 10_000_000 : timestampMs(response.validUntil);
        expect(end).toBeGreaterThan(now);
        const moment = now + Math.floor((end - now - 1) * fraction);
        const then = create(ComputeEndpointsRequestSchema, { ...request, now: timestampFromMs(moment) });
        expect(computeEndpoints(then)).toEqual(response);
      }),
      parameters,
    );
  });

  test('a zone moves no traffic between regions while all hosts are healthy', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const all = create(ComputeEndpointsRequestSchema, { ...request, unhealthy: [] });
        const withoutZones = clone(ComputeEndpointsRequestSchema, all);
        for (const device of withoutZones.devices) {
          delete device.attributes['custom:lb-zone'];
        }
        const expected = computeEndpoints(withoutZones).groups.map(sharesByRegion);
        for (const [index, shares] of computeEndpoints(all).groups.map(sharesByRegion).entries()) {
          for (const [region, share] of shares) {
            expect(share).toBeCloseTo(expected[index]?.get(region) ?? -1, 6);
          }
        }
      }),
      parameters,
    );
  });
});

describe('requests that no handler lets through', () => {
  test('still have one answer, whatever the order', () => {
    const request = create(ComputeEndpointsRequestSchema, {
      groups: [
        { name: 'a', port: 1 },
        { name: 'a', port: 70_000, localityWeights: { constructor: 0 }, endpointWeights: { n1: 4_000_000_000 } },
      ],
      devices: [
        { id: 'n1', authorized: true, addresses: ['100.64.0.1'], tags: ['tag:weight-1'] },
        { id: 'n1', authorized: true, addresses: ['100.64.0.2', '100.64.0.1'], tags: ['tag:weight-2'] },
        { id: 'constructor', authorized: true, addresses: ['100.64.0.3'], tags: ['tag:weight-1', '__proto__'] },
      ],
    });
    const reversed = create(ComputeEndpointsRequestSchema, {
      groups: request.groups.toReversed(),
      devices: request.devices.toReversed(),
    });
    expect(bytesOf(reversed)).toEqual(bytesOf(request));
  });

  test('times out of range neither throw nor are promised', () => {
    const far = { seconds: 9_000_000_000_000_000n, nanos: -5 };
    const request = create(ComputeEndpointsRequestSchema, {
      now: { seconds: -62_135_596_800n, nanos: 999_999_999 },
      groups: [{ name: 'a', port: 1 }],
      devices: [
        { id: 'n1', authorized: true, addresses: ['100.64.0.1'], tags: ['tag:weight-1'], expires: far },
        { id: 'n2', authorized: true, expires: { seconds: -9_000_000_000_000_000n, nanos: 0 } },
      ],
    });
    const response = computeEndpoints(request);
    expect(response.validUntil).toBeUndefined();
    expect(response.groups[0]?.excluded[0]?.detail).toBe("The device's key ended at a time out of range.");
  });

  test('anything at all gets an answer', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('constructor', '__proto__', 'toString'));
    const garbage = fc.record({
      id: text,
      authorized: fc.constant(true),
      addresses: fc.array(fc.oneof(text, fc.ipV4(), fc.ipV6(), fc.ipV4Extended())),
      tags: fc.array(text.map((suffix) => `tag:weight-${suffix}`)),
      attributes: fc.dictionary(
        fc.oneof(text, fc.constantFrom('custom:lb-zone', 'custom:lb-port')),
        fc.record({ value: text }),
      ),
    });
    fc.assert(
      fc.property(fc.array(garbage), fc.array(text), (devices, unhealthy) => {
        const request = create(ComputeEndpointsRequestSchema, {
          groups: [{ name: 'a', untagged: Untagged.INCLUDED }],
          devices: devices.map((device) => create(DeviceSchema, device)),
          unhealthy,
        });
        computeEndpoints(request).groups.forEach(expectSoundAssignment);
      }),
    );
  });
});

test('weights that add up to more than Envoy takes are scaled, in and among localities', () => {
  const devices = Array.from({ length: 5000 }, (_, index) =>
    create(DeviceSchema, {
      id: `n${index}`,
      authorized: true,
      addresses: [`100.64.${index >> 8}.${index & 255}`],
      attributes: {
        'custom:lb-weight': { value: index === 0 ? '1' : '1000000' },
        'custom:lb-zone': { value: index < 4900 ? 'a' : 'b' },
      },
    }),
  );
  const groups = [create(GroupSchema, { name: 'a', port: 80, untagged: Untagged.INCLUDED })];
  const [result] = computeEndpoints(create(ComputeEndpointsRequestSchema, { groups, devices })).groups;
  const [first, second] = result?.localities ?? [];
  expect(sum((first?.endpoints ?? []).map(({ weight }) => weight))).toBeLessThanOrEqual(4_294_967_295);
  expect(Math.min(...(first?.endpoints ?? []).map(({ weight }) => weight))).toBe(1);
  expect((first?.weight ?? 0) + (second?.weight ?? 0)).toBeLessThanOrEqual(4_294_967_295);
  expect((first?.weight ?? 0) / (second?.weight ?? 1)).toBeCloseTo(48.99, 4);
});

function bytesOf(request: ComputeEndpointsRequest): Uint8Array {
  return toBinary(ComputeEndpointsResponseSchema, computeEndpoints(request));
}

function endpointsOf(result: GroupResult) {
  return result.localities.flatMap(({ endpoints }) => endpoints);
}

function sharesByRegion(result: GroupResult): Map<string, number> {
  const shares = new Map<string, number>();
  for (const { region, priority, share } of result.localities) {
    const key = `${priority} ${region}`;
    shares.set(key, (shares.get(key) ?? 0) + share);
  }
  return shares;
}

function expectSoundAssignment({ name, loadAssignment, localities }: GroupResult): void {
  expect(loadAssignment?.clusterName).toBe(name);
  const assigned = (loadAssignment?.endpoints ?? []).map(
    ({ locality, priority, loadBalancingWeight, lbEndpoints }) => ({
      region: locality?.region,
      zone: locality?.zone,
      priority,
      weight: loadBalancingWeight,
      hosts: lbEndpoints.map((endpoint) => [hostOf(endpoint.hostIdentifier.value), endpoint.loadBalancingWeight]),
    }),
  );
  expect(assigned).toEqual(
    localities.map(({ region, zone, priority, weight, endpoints }) => ({
      region,
      zone,
      priority,
      weight,
      hosts: endpoints.map(({ address, port, weight }) => [`${address} ${port}`, weight]),
    })),
  );
  const weights = localities.flatMap(({ weight, endpoints }) => [weight, ...endpoints.map(({ weight }) => weight)]);
  expect(weights.every((weight) => Number.isInteger(weight) && weight >= 1)).toBe(true);
  const hosts = assigned.flatMap(({ hosts }) => hosts.map(([host]) => host));
  expect(new Set(hosts).size).toBe(hosts.length);
  const priorities = [...new Set(localities.map(({ priority }) => priority))];
  expect(priorities).toEqual(priorities.map((_, index) => index));
  expect(localities.every(({ endpoints }) => endpoints.length > 0)).toBe(true);
}

function hostOf(endpoint: unknown): string {
  const { address } = (
    endpoint as { address: { address: { value: { address: string; portSpecifier: { value: number } } } } }
  ).address;
  return `${address.value.address} ${address.value.portSpecifier.value}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The same request with every list and map in another order. */
function shuffle(request: ComputeEndpointsRequest, seed: number): ComputeEndpointsRequest {
  const mix = <T>(items: readonly T[]): T[] =>
    items
      .map((item, index) => ({ item, key: Math.sin(seed + index * 7919) }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ item }) => item);
  const mixMap = <T>(map: Record<string, T>) => Object.fromEntries(mix(Object.entries(map)));
  const shuffled = clone(ComputeEndpointsRequestSchema, request);
  for (const group of shuffled.groups) {
    group.selectorTags = mix(group.selectorTags);
    group.discoveryTags = mix(group.discoveryTags);
    group.localityWeights = mixMap(group.localityWeights);
    group.endpointWeights = mixMap(group.endpointWeights);
  }
  for (const device of shuffled.devices) {
    device.addresses = mix(device.addresses);
    device.tags = mix(device.tags);
    device.attributes = mixMap(device.attributes);
  }
  shuffled.groups = mix(shuffled.groups);
  shuffled.devices = mix(shuffled.devices);
  shuffled.unhealthy = mix(shuffled.unhealthy);
  return shuffled;
}
