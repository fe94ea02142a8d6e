import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';

import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  type Route,
  RouteSchema,
  VirtualHostSchema,
} from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { encodeField } from './wire-field.ts';

/** A field that no schema knows. */
export const unknownField = fc
  .record({ field: fc.integer({ min: 5000, max: 5003 }), content: fc.uint8Array({ maxLength: 8 }) })
  .map(({ field, content }) => encodeField(field, content));

const path = fc.constantFrom('/', '/api', '/api/', '/api/web', '/api/web/x', '/app', '/app/one', '/other');

/** A route of a gateway, with a field that no schema knows now and then. */
const foreignRoute: fc.Arbitrary<Buffer> = fc
  .record({
    name: fc.constantFrom('', 'httproute/a', 'httproute/b', 'tailscale-egress-web', 'tailscale-egress-other'),
    path,
    kind: fc.constantFrom('prefix', 'path', 'pathSeparatedPrefix', 'safeRegex', 'none'),
    cluster: fc.string({ maxLength: 8 }),
    unknown: fc.option(unknownField),
  })
  .map(({ name, path, kind, cluster, unknown }) => {
    const route = create(RouteSchema, { name, action: { case: 'route', value: toAction(cluster) } });
    const match = toMatch(kind, path);
    if (match !== undefined) route.match = create(RouteSchema, { match }).match;
    return Buffer.concat([toBinary(RouteSchema, route), unknown ?? Buffer.alloc(0)]);
  });

/** A virtual host as bytes: its fields in any order, as an encoder of another language may write them. */
export const foreignVirtualHost: fc.Arbitrary<Buffer> = fc
  .record({
    routes: fc.array(foreignRoute, { maxLength: 8 }),
    others: fc.array(unknownField, { maxLength: 4 }),
    head: fc.constantFrom('www.example.com', '*'),
  })
  .chain(({ routes, others, head }) => {
    const name = encodeField(1, Buffer.from(`default/eg/http/${head}`));
    const domain = encodeField(2, Buffer.from(head));
    const extra = Buffer.from(
      toBinary(VirtualHostSchema, create(VirtualHostSchema, { includeRequestAttemptCount: true })),
    );
    const fields = [name, domain, extra, ...others, ...routes.map((route) => encodeField(3, route))];
    return fc.shuffledSubarray(fields, { minLength: fields.length }).map((shuffled) => Buffer.concat(shuffled));
  });

/** A cluster of a gateway. */
export const foreignCluster: fc.Arbitrary<Buffer> = fc
  .record({
    name: fc.constantFrom(
      'httproute/a/rule/0',
      'httproute/b/rule/0',
      'external-backend-web',
      'external-backend-none',
      '',
    ),
    altStatName: fc.string({ maxLength: 8 }),
    unknown: fc.option(unknownField),
  })
  .map(({ unknown, ...fields }) =>
    Buffer.concat([toBinary(ClusterSchema, create(ClusterSchema, fields)), unknown ?? Buffer.alloc(0)]),
  );

function toAction(cluster: string) {
  return { clusterSpecifier: { case: 'cluster', value: cluster } } as const;
}

function toMatch(kind: string, path: string): Route['match'] | undefined {
  switch (kind) {
    case 'none':
      return undefined;
    case 'safeRegex':
      return create(RouteSchema, { match: { pathSpecifier: { case: 'safeRegex', value: { regex: `${path}.*` } } } })
        .match;
    case 'path':
      return create(RouteSchema, { match: { pathSpecifier: { case: 'path', value: path } } }).match;
    case 'pathSeparatedPrefix':
      return create(RouteSchema, { match: { pathSpecifier: { case: 'pathSeparatedPrefix', value: path } } }).match;
    default:
      return create(RouteSchema, { match: { pathSpecifier: { case: 'prefix', value: path } } }).match;
  }
}
