import { create } from '@bufbuild/protobuf';

import { VirtualHostSchema } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { createWireReader } from '../grpc/wire-reader.ts';
import type { AnsweredVirtualHost, HookInputs } from './hook.ts';
import { encodeMark, isMarked } from './mark.ts';
import { decideRoutes } from './route-decision.ts';
import { virtualHostFields } from './virtual-host-lens.ts';
import { encodeField } from './wire-field.ts';

/** Field numbers of `envoy.config.route.v3.RouteConfiguration`. */
const fields = { name: 1, virtualHosts: 2 } as const;

/** A route configuration that gets a virtual host. */
export interface ExtendedRouteConfiguration extends AnsweredVirtualHost {
  /** The bytes of it in a row. */
  readonly parts: readonly Uint8Array[];
}

/**
 * Gives the route configuration of a listener without HTTPRoutes, which has no virtual host and so gets no
 * PostVirtualHostModify, one for every host with the injected routes. Undefined: it stays as it is, since it has virtual
 * hosts of its own, or nothing is injected.
 */
export function extendRouteConfiguration(
  routeConfiguration: Buffer,
  inputs: HookInputs,
): ExtendedRouteConfiguration | undefined {
  const lens = readRouteConfiguration(routeConfiguration);
  if (lens === undefined) return undefined;
  const { kept, hadOurs } = lens;
  // `{namespace}/{gateway}/{listener}`, but for Envoy Gateway's other scheme of names, which tells no gateway.
  const parts = lens.name.split('/');
  const [gatewayNamespace = '', gateway = '', listener = ''] = parts.length === 3 ? parts : [];
  // Envoy Gateway's own name of the virtual host for all hosts.
  const name = `${lens.name}/*`;
  const virtualHost = create(VirtualHostSchema, { name, domains: ['*'], gatewayNamespace, gateway, listener });
  const { routes, explain } = decideRoutes(virtualHost, inputs);
  if (routes.length === 0) return hadOurs ? { parts: kept, name, explain } : undefined;
  const body = Buffer.concat([
    encodeField(virtualHostFields.name, Buffer.from(name)),
    encodeField(virtualHostFields.domains, Buffer.from('*')),
    ...routes.map(({ record }) => record),
    encodeMark('virtualHost'),
  ]);
  return { parts: [...kept, encodeField(fields.virtualHosts, body)], name, explain };
}

/** The configuration without virtual hosts that were injected before; undefined when it has others. */
function readRouteConfiguration(bytes: Buffer): { name: string; kept: Uint8Array[]; hadOurs: boolean } | undefined {
  const reader = createWireReader(bytes);
  const kept: Uint8Array[] = [];
  let name = '';
  let copied = 0;
  while (reader.next()) {
    const { start } = reader;
    if (reader.field === fields.name) name = reader.text();
    else if (reader.field === fields.virtualHosts) {
      if (!isMarked('virtualHost', reader.bytes())) return undefined;
      kept.push(bytes.subarray(copied, start));
      copied = reader.position;
    } else reader.skip();
  }
  const hadOurs = copied > 0;
  kept.push(bytes.subarray(copied));
  return { name, kept, hadOurs };
}
