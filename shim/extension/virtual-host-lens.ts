import { create, fromBinary } from '@bufbuild/protobuf';

import { type RouteMatch, RouteMatchSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import {
  ExistingRouteSchema,
  type ExistingRoute,
  type VirtualHost,
  VirtualHostSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { parseRouteName } from '../../functions/service-endpoint/service-name.ts';
import { createWireReader } from '../grpc/wire-reader.ts';
import { isMarked, metadataFields } from './mark.ts';
import { memoize } from './memoize.ts';
import { readResourceIdentity, type ResourceIdentity } from './resource-identity.ts';

/** Field numbers of `envoy.config.route.v3.VirtualHost`. */
export const virtualHostFields = { name: 1, domains: 2, routes: 3, metadata: metadataFields.virtualHost } as const;

const routeFields = { match: 1, name: 14 } as const;

/** Where a route stands in the bytes of its virtual host, with its tag. */
export interface RoutePosition {
  readonly start: number;
  readonly end: number;
  /** Injected by Tailway before. */
  readonly injected: boolean;
}

/** A virtual host, as much of it as decides. */
export interface VirtualHostLens {
  /** What decides on routes; its routes are those that are not ours. */
  readonly virtualHost: VirtualHost;
  readonly routes: readonly RoutePosition[];
}

/** What reads virtual hosts. */
export interface VirtualHostReader {
  /** Reads what decides out of an encoded `envoy.config.route.v3.VirtualHost`. Throws for bytes that are none. */
  read(bytes: Buffer): VirtualHostLens;
}

/** How many different matches and metadata are remembered. */
const remembered = 10_000;

/** A reader that decodes the same bytes once: thousands of virtual hosts have the same few matches and gateways. */
export function createVirtualHostReader(): VirtualHostReader {
  const decoders: Decoders = {
    match: memoize((bytes) => fromBinary(RouteMatchSchema, bytes), remembered),
    identity: memoize(readResourceIdentity, remembered),
  };
  return { read: (bytes) => readVirtualHost(bytes, decoders) };
}

interface Decoders {
  match(bytes: Buffer): RouteMatch;
  identity(bytes: Buffer): ResourceIdentity | undefined;
}

function readVirtualHost(bytes: Buffer, decoders: Decoders): VirtualHostLens {
  const reader = createWireReader(bytes);
  const domains: string[] = [];
  const existing: ExistingRoute[] = [];
  const routes: RoutePosition[] = [];
  let name = '';
  let metadata: Buffer | undefined;
  while (reader.next()) {
    const { start } = reader;
    if (reader.field === virtualHostFields.name) name = reader.text();
    else if (reader.field === virtualHostFields.domains) domains.push(reader.text());
    else if (reader.field === virtualHostFields.metadata) {
      const part = reader.bytes();
      metadata = metadata === undefined ? part : Buffer.concat([metadata, part]);
    } else if (reader.field === virtualHostFields.routes) {
      const route = readRoute(reader.bytes(), decoders);
      if (route !== undefined) existing.push(route);
      routes.push({ start, end: reader.position, injected: route === undefined });
    } else reader.skip();
  }
  const virtualHost = create(VirtualHostSchema, {
    name,
    domains,
    routes: existing,
    ...findGateway(name, metadata && decoders.identity(metadata)),
  });
  return { virtualHost, routes };
}

/** Reads what decides out of a route; undefined for one of ours. */
function readRoute(bytes: Buffer, decoders: Decoders): ExistingRoute | undefined {
  const reader = createWireReader(bytes);
  let name = '';
  let match: Buffer | undefined;
  while (reader.next()) {
    if (reader.field === routeFields.name) name = reader.text();
    else if (reader.field === routeFields.match) {
      const part = reader.bytes();
      match = match === undefined ? part : Buffer.concat([match, part]);
    } else reader.skip();
  }
  if (parseRouteName(name) !== undefined && isMarked('route', bytes)) return undefined;
  const route = create(ExistingRouteSchema);
  route.name = name;
  if (match !== undefined) route.match = decoders.match(match);
  return route;
}

/** The metadata name the gateway; without them the name does: `{namespace}/{gateway}/{listener}/{host}`. */
function findGateway(name: string, identity: ResourceIdentity | undefined) {
  if (identity !== undefined && identity.name !== '') {
    return { gatewayNamespace: identity.namespace, gateway: identity.name, listener: identity.sectionName };
  }
  const parts = name.split('/');
  const [gatewayNamespace = '', gateway = '', listener = ''] = parts.length === 4 ? parts : [];
  return { gatewayNamespace, gateway, listener };
}
