import { create } from '@bufbuild/protobuf';

import type { RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  ComputeRoutesRequestSchema,
  type VirtualHost,
  type VirtualHostResult,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import type { HookFunctions } from './hook-functions.ts';

/** Decides on one virtual host after another. */
export type ComputeVirtualHost = (virtualHost: VirtualHost) => VirtualHostResult | undefined;

/** Hands endpoints and policies to the functions. The same lists are prepared once. Throws what the functions throw. */
export type RouteComputer = (
  endpoints: readonly ServiceEndpoint[],
  policies: readonly RoutePolicy[],
) => ComputeVirtualHost;

/** A computer of routes that leads to no other targets than `allowTargets` allow. */
export function createRouteComputer(functions: HookFunctions, allowTargets: readonly string[]): RouteComputer {
  const prepared = new WeakMap<readonly ServiceEndpoint[], [readonly RoutePolicy[], ComputeVirtualHost]>();

  return (endpoints, policies) => {
    const [knownPolicies, known] = prepared.get(endpoints) ?? [];
    if (known !== undefined && knownPolicies === policies) return known;
    const compute = prepare(functions, endpoints, policies, allowTargets);
    prepared.set(endpoints, [policies, compute]);
    return compute;
  };
}

function prepare(
  { prepareRoutes }: HookFunctions,
  endpoints: readonly ServiceEndpoint[],
  policies: readonly RoutePolicy[],
  allowTargets: readonly string[],
): ComputeVirtualHost {
  const request = create(ComputeRoutesRequestSchema);
  // The lists themselves, not copies: they may be long, and functions change no input.
  request.endpoints = endpoints as ServiceEndpoint[];
  request.policies = policies as RoutePolicy[];
  request.allowTargets = allowTargets as string[];
  return prepareRoutes(request);
}
