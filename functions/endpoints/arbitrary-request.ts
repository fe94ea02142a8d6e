import { create, fromJson } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs, TimestampSchema } from '@bufbuild/protobuf/wkt';
import * as fc from 'fast-check';
import {
  AddressFamily,
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  GroupSchema,
  Untagged,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { AttributeSchema, type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import {
  type LoadBalancingPolicy,
  LoadBalancingPolicySchema,
} from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** Now, in every request, in milliseconds. */
const nowMs = timestampMs(fromJson(TimestampSchema, '2026-06-01T12:00:00Z'));

const tag: fc.Arbitrary<string> = fc.constantFrom(
  'tag:weight-1',
  'tag:weight-2',
  'tag:eu-weight-3',
  'tag:weight-1000000',
  'tag:weight-0',
  'tag:weight-x',
  'tag:west',
  'tag:web',
);

const address = fc.oneof(
  fc.integer({ min: 1, max: 12 }).map((host) => `100.64.0.${host}`),
  fc.integer({ min: 1, max: 12 }).map((host) => `fd7a:115c:a1e0::${host.toString(16)}`),
  fc.constantFrom('', 'web-1', '0.0.0.0', '::', 'FD7A:0::1', '100.64.0.256'),
);

/** A moment around now, often exactly a deadline. */
const timestamp = fc
  .oneof(fc.constantFrom(0, 1, -1, -300_000, -299_999, -300_001), fc.integer({ min: -900_000, max: 900_000 }))
  .map((offset) => timestampFromMs(nowMs + offset));

const attribute = fc.record(
  {
    value: fc.constantFrom('0', '1', '2', '3', '127', '128', '8081', '999983', '01', '', 'a', ' b '),
    expires: timestamp,
  },
  { requiredKeys: ['value'] },
);

const attributes = fc.dictionary(
  fc.constantFrom('custom:lb-weight', 'custom:lb-zone', 'custom:lb-priority', 'custom:lb-port', 'node:os'),
  attribute,
  { noNullPrototype: true },
);

/** Mostly usable devices, and one of every other kind now and then. */
const device = fc.record(
  {
    id: fc.integer({ min: 0, max: 99 }).map((id) => `n${id}`),
    name: fc.constantFrom('', 'web-1', 'web-2.tail1234.ts.net'),
    addresses: fc.array(address, { minLength: 1, maxLength: 3 }),
    tags: fc.array(tag, { maxLength: 4 }),
    authorized: mostly(true),
    external: mostly(false),
    blocksIncoming: mostly(false),
    keyExpiryDisabled: mostly(false),
    attributes,
    online: mostly(true),
    expires: timestamp,
    lastSeen: timestamp,
    tailnet: fc.constantFrom('', '', '', 'team/prod', 'team/lab'),
  },
  {
    requiredKeys: [
      'id',
      'name',
      'tailnet',
      'addresses',
      'tags',
      'authorized',
      'external',
      'blocksIncoming',
      'keyExpiryDisabled',
      'attributes',
    ],
  },
);

const weight: fc.Arbitrary<number> = fc.constantFrom(1, 2, 5, 1_000_000);

const group = fc.record({
  name: fc.constantFrom('eds_backend', 'web', 'api', 'tailnet/服务'),
  port: fc.constantFrom(80, 8080, 8081),
  selectorTags: fc.array(tag, { maxLength: 1 }),
  tailnets: fc.oneof(
    fc.constant<string[]>([]),
    fc.uniqueArray(fc.constantFrom('', 'team/prod', 'team/lab', 'team/unknown'), { maxLength: 3 }),
  ),
  discoveryTags: fc.oneof(fc.constant<string[]>([]), fc.array(tag, { maxLength: 4 })),
  addressFamily: fc.constantFrom(
    AddressFamily.UNSPECIFIED,
    AddressFamily.IPV4_FIRST,
    AddressFamily.IPV6_FIRST,
    AddressFamily.IPV4_ONLY,
    AddressFamily.IPV6_ONLY,
  ),
  untagged: fc.constantFrom(Untagged.UNSPECIFIED, Untagged.EXCLUDED, Untagged.INCLUDED),
  localityWeights: fc.dictionary(tag, weight, { maxKeys: 2, noNullPrototype: true }),
  endpointWeights: fc.dictionary(fc.constantFrom('n1', 'n2', 'n3', '4', '5'), weight, {
    maxKeys: 2,
    noNullPrototype: true,
  }),
  overprovisioningFactor: fc.constantFrom(0, 0, 100, 200),
  loadBalancing: fc.option(
    fc.record(
      {
        policy: fc.constantFrom(...LoadBalancingPolicySchema.values.map(({ number }) => number as LoadBalancingPolicy)),
        panicThreshold: fc.constantFrom(0, 0.4, 33, 50, 100),
      },
      { requiredKeys: [] },
    ),
    { nil: undefined },
  ),
});

/** A valid request with collisions of all kinds: few tags, addresses and moments. */
export const arbitraryRequest: fc.Arbitrary<ComputeEndpointsRequest> = fc
  .record({
    groups: fc.uniqueArray(group, { maxLength: 3, selector: ({ name }) => name }),
    devices: fc.uniqueArray(device, { maxLength: 24, selector: ({ id }) => id }),
    unhealthy: fc.array(
      fc.integer({ min: 1, max: 12 }).map((host) => `100.64.0.${host}:8080`),
      { maxLength: 6 },
    ),
  })
  .map(({ groups, devices, unhealthy }) =>
    create(ComputeEndpointsRequestSchema, {
      now: timestampFromMs(nowMs),
      groups: groups.map(({ loadBalancing, ...init }) =>
        create(GroupSchema, { ...init, ...(loadBalancing === undefined ? {} : { loadBalancing }) }),
      ),
      devices: devices.map(toDevice),
      unhealthy,
    }),
  );

function toDevice({ attributes, ...init }: typeof device extends fc.Arbitrary<infer T> ? T : never): Device {
  const entries = Object.entries(attributes).map(([key, value]) => [key, create(AttributeSchema, value)] as const);
  return create(DeviceSchema, { ...init, attributes: Object.fromEntries(entries) });
}

function mostly(value: boolean): fc.Arbitrary<boolean> {
  return fc.constantFrom(value, value, value, value, value, value, value, !value);
}
