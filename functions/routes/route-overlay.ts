import { create } from '@bufbuild/protobuf';
import { RetryPolicySchema, RouteActionSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { type RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  type ComputeRouteOverlayRequest,
  type ComputeRouteOverlayResponse,
  ComputeRouteOverlayResponseSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { findRoutePolicy, formatPolicy, sortPolicies } from '../route-policy/policy.ts';
import { buildHashPolicy } from '../upstream/load-balancing.ts';
import { buildRetryPolicy } from '../upstream/retry-policy.ts';

/**
 * Computes what the policy that targets an HTTPRoute or GRPCRoute changes in a route that Envoy Gateway made of it. What
 * the resource itself says of paths, host names and headers stays.
 */
export function computeRouteOverlay(request: ComputeRouteOverlayRequest): ComputeRouteOverlayResponse {
  const policy = findRoutePolicy(sortPolicies(request.policies), request.route);
  if (policy === undefined) {
    return create(ComputeRouteOverlayResponseSchema, { detail: 'No policy targets this route.' });
  }
  const changes = buildChanges(policy);
  const names = Object.keys(changes);
  return create(ComputeRouteOverlayResponseSchema, {
    ...(names.length === 0 ? {} : { overlay: create(RouteActionSchema, changes) }),
    policy: formatPolicy(policy),
    detail:
      names.length === 0
        ? 'The policy says nothing of its routes.'
        : `The policy sets ${names.map(toWords).join(', ')}.`,
  });
}

function buildChanges({ requestTimeout, idleTimeout, retry, loadBalancing }: RoutePolicy) {
  // A policy that asks for no retries takes away those that the route has.
  const retryPolicy = retry?.attempts === 0 ? create(RetryPolicySchema) : buildRetryPolicy(retry);
  const hashPolicy = buildHashPolicy(loadBalancing);
  return {
    ...(requestTimeout === undefined ? {} : { timeout: requestTimeout }),
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    ...(hashPolicy.length === 0 ? {} : { hashPolicy }),
  };
}

function toWords(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
