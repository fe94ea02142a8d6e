import { create, toBinary } from '@bufbuild/protobuf';

import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { RouteSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import type { RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  ComputeRoutesRequestSchema,
  type InjectedRoute,
  NotInjectedReason,
  type VirtualHost,
  type VirtualHostResult,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import type { ExplainedRefusal, ExplainedVirtualHost } from './explanation.ts';
import type { HookInputs } from './hook.ts';
import { isolate } from './isolation.ts';
import { encodeMark } from './mark.ts';

/** A route to insert. */
export interface EncodedRoute {
  /** The serialized `envoy.config.route.v3.Route`, marked as ours. */
  readonly body: Buffer;
  /** Index among the routes before the injection that it goes before. */
  readonly before: number;
}

/** What becomes of a virtual host. */
export interface RouteDecision {
  readonly routes: readonly EncodedRoute[];
  readonly explanation: ExplainedVirtualHost;
}

/** Asks which routes go into a virtual host. An endpoint whose handling panics is left out, and told. */
export function decideRoutes(virtualHost: VirtualHost, inputs: HookInputs): RouteDecision {
  const { result, leftOut } = isolate(
    inputs.state.endpoints,
    (endpoints) => encodeResult(computeRoutes(virtualHost, endpoints, inputs)),
    inputs.expired,
  );
  for (const { item, err } of leftOut) inputs.leftOut(formatReference(item.ref), err);
  const panics = leftOut.map(({ item }) => explainPanic(item));
  const { name, domains, gatewayNamespace, gateway, listener } = virtualHost;
  return {
    routes: result.routes,
    explanation: {
      name,
      domains,
      gateway: gateway === '' ? '' : `${gatewayNamespace}/${gateway}`,
      listener,
      revision: inputs.state.revision,
      injected: result.injected,
      notInjected: [...result.notInjected, ...panics],
    },
  };
}

function computeRoutes(
  virtualHost: VirtualHost,
  endpoints: readonly ServiceEndpoint[],
  { state, functions, clusterSettings }: HookInputs,
): VirtualHostResult | undefined {
  const request = create(ComputeRoutesRequestSchema);
  request.virtualHosts = [virtualHost];
  // The lists themselves, not copies: what is kept for a list is found again. Functions change no input.
  request.endpoints = endpoints as ServiceEndpoint[];
  request.policies = state.policies as RoutePolicy[];
  request.allowTargets = clusterSettings.allowTargets;
  return functions.computeRoutes(request).virtualHosts[0];
}

function encodeResult(result: VirtualHostResult | undefined) {
  const injected = result?.injected ?? [];
  return {
    routes: injected.map(encodeRoute),
    injected: injected.map((route) => ({
      route: route.route?.name ?? '',
      endpoint: formatReference(route.endpoint),
      policy: route.policy,
      before: route.before,
      shadowedBy: route.shadowedBy,
      detail: route.detail,
    })),
    notInjected: (result?.notInjected ?? []).map(({ endpoint, reason, detail }) => ({
      endpoint: formatReference(endpoint),
      reason: reasonNames.get(reason) ?? String(reason),
      detail,
    })),
  };
}

function encodeRoute({ route, before }: InjectedRoute): EncodedRoute {
  if (route === undefined) throw new Error('injected route without a route');
  return { body: Buffer.concat([toBinary(RouteSchema, route), encodeMark('route')]), before };
}

function explainPanic({ ref }: ServiceEndpoint): ExplainedRefusal {
  const detail = 'its handling panicked, which is a bug: the log has the error.';
  return { endpoint: formatReference(ref), reason: 'PANIC', detail };
}

const reasonNames: ReadonlyMap<number, string> = new Map(
  Object.entries(NotInjectedReason).map(([name, value]) => [value, name]),
);
