import { create, fromJson } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import * as fc from 'fast-check';
import {
  EndpointProtocol,
  RoutePolicySchema,
  ServiceEndpointSchema,
  TargetKind,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** Few values, so that many want the same. */
const namespace = fc.constantFrom('a', 'b', 'default');
const created = fc.option(
  fc.integer({ min: 0, max: 3 }).map((day) => fromJson(TimestampSchema, `2026-01-0${1 + day}T00:00:00Z`)),
  { nil: undefined },
);

const ref = fc.record({
  namespace,
  resource: fc.constantFrom('services', 'my.services', 'a.b.c'),
  endpoint: fc.constantFrom('web', 'api', 'web-1', 'x', 'Web', 'a.b', ''),
});

const upstream = fc.oneof(
  fc.record({
    case: fc.constant('externalTarget' as const),
    value: fc.constantFrom('example.com:80', '192.0.2.1:80', '[2001:db8::1]:443', '127.0.0.1:80', 'x y', 'web.svc'),
  }),
  fc.record({ case: fc.constant('tailscaleIp' as const), value: fc.constantFrom('100.64.0.1', 'fd7a:115c:a1e0::1') }),
  fc.record({ case: fc.constant('tailscaleFqdn' as const), value: fc.constant('web-1.tail1234.ts.net') }),
  fc.record({
    case: fc.constant('selector' as const),
    value: fc.record({ tags: fc.subarray(['tag:a', 'tag:b'], { minLength: 1 }) }),
  }),
);

const healthCheck = fc.option(fc.record({ path: fc.constantFrom('', '/healthz'), disabled: fc.boolean() }), {
  nil: undefined,
});

/** Endpoints, each reference once. */
export const arbitraryEndpoints = fc
  .uniqueArray(
    fc.record({
      ref,
      created,
      protocol: fc.constantFrom(
        EndpointProtocol.HTTP,
        EndpointProtocol.HTTPS,
        EndpointProtocol.TCP,
        EndpointProtocol.UDP,
      ),
      port: fc.constantFrom(80, 443),
      upstream,
      weight: fc.integer({ min: 0, max: 3 }),
      healthCheck,
    }),
    { maxLength: 8, selector: ({ ref }) => JSON.stringify(ref) },
  )
  .map((endpoints) =>
    endpoints.map(({ created, healthCheck, ...endpoint }) =>
      create(ServiceEndpointSchema, {
        ...endpoint,
        ...(created === undefined ? {} : { created }),
        ...(healthCheck === undefined ? {} : { healthCheck }),
      }),
    ),
  );

const target = fc.record({
  kind: fc.constantFrom(TargetKind.GATEWAY, TargetKind.GATEWAY, TargetKind.HTTP_ROUTE),
  name: fc.constantFrom('gateway', 'other'),
  sectionName: fc.constantFrom('', '', 'http'),
});

/** Policies, each name once. */
export const arbitraryPolicies = fc
  .uniqueArray(
    fc.record({
      namespace,
      name: fc.constantFrom('p', 'q', 'r'),
      created,
      targets: fc.array(target, { minLength: 1, maxLength: 3 }),
      endpoints: fc.array(
        fc.record({ resource: fc.constantFrom('services', 'my.services'), endpoint: fc.constantFrom('', 'web') }),
        { maxLength: 2 },
      ),
      pathPrefix: fc.constantFrom('', '', '/api/web/', '/', '/v1/'),
      hostnames: fc.subarray(['a.example', '*.example', 'b.test'], { maxLength: 2 }),
      headers: fc
        .subarray(['x-a', 'x-b'])
        .map((names) => names.map((name) => ({ name, match: { case: 'exact' as const, value: '1' } }))),
      loadBalancing: fc.record({
        policy: fc.constantFrom(LoadBalancingPolicy.ROUND_ROBIN, LoadBalancingPolicy.MAGLEV),
      }),
    }),
    { maxLength: 4, selector: ({ namespace, name }) => `${namespace}/${name}` },
  )
  .map((policies) =>
    policies.map(({ created, ...policy }) =>
      create(RoutePolicySchema, { ...policy, ...(created === undefined ? {} : { created }) }),
    ),
  );

/** The same items in another order. */
export function shuffle<T>(items: readonly T[], seed: number): T[] {
  return items
    .map((item, index) => ({ item, key: Math.sin(seed + index * 7919) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
