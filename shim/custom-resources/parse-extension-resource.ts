import type { RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { type ConversionContext, endpointsFromResource } from './endpoints-from-resource.ts';
import { policyFromResource } from './policy-from-resource.ts';
import { resourceFromObject } from './resource-from-object.ts';
import type { CustomResource, ResourceKind } from './resource-source.ts';

/**
 * The endpoints that count of a TailscaleEndpoints, as Envoy Gateway sends it with a custom backend: the
 * whole object as JSON. Empty for what is no such object.
 */
export function parseBackendResource(
  json: Uint8Array,
  context: ConversionContext = anyTailnet,
): readonly ServiceEndpoint[] {
  const resource = parseObject(json, 'TailscaleEndpoints');
  return resource === undefined ? [] : endpointsFromResource(resource, context).endpoints;
}

/** The policy in a TailscaleRoutePolicy, as Envoy Gateway sends it: the whole object as JSON. Undefined for what is none. */
export function parsePolicyResource(json: Uint8Array): RoutePolicy | undefined {
  const resource = parseObject(json, 'TailscaleRoutePolicy');
  return resource === undefined ? undefined : policyFromResource(resource).policy;
}

const anyTailnet: ConversionContext = { tailnets: ['-'] };

function parseObject(json: Uint8Array, kind: ResourceKind): CustomResource | undefined {
  let object: unknown;
  try {
    object = JSON.parse(new TextDecoder().decode(json));
  } catch {
    return undefined;
  }
  const found = resourceFromObject(object);
  return found.kind === 'resource' && found.resource.kind === kind ? found.resource : undefined;
}
