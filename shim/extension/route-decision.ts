import { toBinary } from '@bufbuild/protobuf';

import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { type Route, RouteSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  type InjectedRoute,
  type NotInjected,
  NotInjectedReason,
  type VirtualHost,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import type { ExplainedInjection, ExplainedRefusal, ExplainedVirtualHost } from './explanation.ts';
import type { HookInputs } from './hook.ts';
import { isolate } from './isolation.ts';
import { encodeMark } from './mark.ts';
import { virtualHostFields } from './virtual-host-lens.ts';
import { encodeField } from './wire-field.ts';

/** A route to insert. */
export interface EncodedRoute {
  /** The field `routes` of a virtual host with the serialized `envoy.config.route.v3.Route`, marked as ours. */
  readonly record: Uint8Array;
  /** Index among the routes before the injection that it goes before. */
  readonly before: number;
}

/** What becomes of a virtual host. */
export interface RouteDecision {
  readonly routes: readonly EncodedRoute[];
  /** Says why. */
  explain(): ExplainedVirtualHost;
}

/** Asks which routes go into a virtual host. An endpoint whose handling panics is left out, and told. */
export function decideRoutes(virtualHost: VirtualHost, inputs: HookInputs): RouteDecision {
  const { revision, endpoints, policies } = inputs.state;
  const compute = (some: readonly ServiceEndpoint[]) => {
    const answer = inputs.computer(some, policies)(virtualHost);
    return { answer, routes: (answer?.injected ?? []).map(encodeRoute) };
  };
  const { result, leftOut } = isolate(endpoints, compute, inputs.expired);
  for (const { item, err } of leftOut) inputs.leftOut(formatReference(item.ref), err);
  const { answer, routes } = result;
  return {
    routes,
    explain() {
      const { name, domains, gatewayNamespace, gateway, listener } = virtualHost;
      const panics = leftOut.map(({ item }) => explainPanic(item));
      return {
        name,
        domains,
        gateway: gateway === '' ? '' : `${gatewayNamespace}/${gateway}`,
        listener,
        revision,
        injected: (answer?.injected ?? []).map(explainInjection),
        notInjected: [...(answer?.notInjected ?? []).map(explainRefusal), ...panics],
      };
    },
  };
}

/**
 * Decides again, from the same inputs, when an explanation is asked for: decisions are pure, and those of thousands of virtual
 * hosts are too much to keep.
 */
export function explainLater(readVirtualHost: () => VirtualHost, inputs: HookInputs): () => ExplainedVirtualHost {
  const { revision, endpoints, policies, clusters, groupAssignments } = inputs.state;
  const state = { revision, endpoints, policies, clusters, groupAssignments };
  const known: HookInputs = { ...inputs, state, expired: () => false, leftOut() {} };
  return () => decideRoutes(readVirtualHost(), known).explain();
}

function encodeRoute({ route, before }: InjectedRoute): EncodedRoute {
  if (route === undefined) throw new Error('injected route without a route');
  const known = records.get(route);
  if (known !== undefined) return { record: known, before };
  const body = Buffer.concat([toBinary(RouteSchema, route), encodeMark('route')]);
  const record = encodeField(virtualHostFields.routes, body);
  records.set(route, record);
  return { record, before };
}

/** A route is often the same in many virtual hosts. */
const records = new WeakMap<Route, Uint8Array>();

function explainInjection({ route, endpoint, policy, before, shadowedBy, detail }: InjectedRoute): ExplainedInjection {
  return { route: route?.name ?? '', endpoint: formatReference(endpoint), policy, before, shadowedBy, detail };
}

function explainRefusal({ endpoint, reason, detail }: NotInjected): ExplainedRefusal {
  return { endpoint: formatReference(endpoint), reason: reasonNames.get(reason) ?? String(reason), detail };
}

function explainPanic({ ref }: ServiceEndpoint): ExplainedRefusal {
  const detail = 'its handling panicked, which is a bug: the log has the error.';
  return { endpoint: formatReference(ref), reason: 'PANIC', detail };
}

const reasonNames: ReadonlyMap<number, string> = new Map(
  Object.entries(NotInjectedReason).map(([name, value]) => [value, name]),
);
