import { create } from '@bufbuild/protobuf';
import { computeRoutes } from '../../functions/routes/routes.ts';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import type { EndpointRef, RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  ComputeRoutesRequestSchema,
  type NotInjectedReason,
  NotInjectedReasonSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import type { CustomResource } from '../custom-resources/resource-source.ts';
import { httpListeners } from './envoy-gateways.ts';

/** What becomes of an endpoint on one listener of a Gateway. */
export interface RouteOutcome {
  /** `namespace/name/listener`. */
  readonly listener: string;
  readonly injected: boolean;
  /** As the reason of a condition; empty where it is injected. */
  readonly reason: string;
  /** A sentence. */
  readonly detail: string;
}

/** What outcomes are computed from. */
export interface RouteOutcomesInput {
  /** All endpoints of some services. */
  readonly endpoints: readonly ServiceEndpoint[];
  readonly policies: readonly RoutePolicy[];
  /** Gateways of Envoy Gateway. */
  readonly gateways: readonly CustomResource[];
  readonly allowTargets: readonly string[];
}

/**
 * Tells what becomes of each endpoint, by its reference, on the listeners of all Gateways, by the function that answers the
 * hooks. The routes that users have there themselves are not known here, so being shadowed is not told.
 */
export function computeRouteOutcomes(input: RouteOutcomesInput): ReadonlyMap<string, readonly RouteOutcome[]> {
  const virtualHosts = input.gateways.flatMap((gateway) =>
    httpListeners(gateway).map(({ name, hostname }) => ({
      name: `${gateway.namespace}/${gateway.name}/${name}`,
      domains: [hostname],
      gatewayNamespace: gateway.namespace,
      gateway: gateway.name,
      listener: name,
    })),
  );
  const { endpoints, policies, allowTargets } = input;
  const request = { virtualHosts, endpoints: [...endpoints], policies: [...policies], allowTargets: [...allowTargets] };
  const answer = computeRoutes(create(ComputeRoutesRequestSchema, request));
  const outcomes = new Map<string, RouteOutcome[]>();
  const add = (endpoint: EndpointRef | undefined, outcome: RouteOutcome) => {
    const key = formatReference(endpoint);
    const known = outcomes.get(key);
    if (known === undefined) outcomes.set(key, [outcome]);
    else known.push(outcome);
  };
  for (const { name: listener, injected, notInjected } of answer.virtualHosts) {
    for (const { endpoint, detail } of injected) add(endpoint, { listener, injected: true, reason: '', detail });
    for (const { endpoint, reason, detail } of notInjected) {
      add(endpoint, { listener, injected: false, reason: reasons[notInjectedName(reason)] ?? 'NotInjected', detail });
    }
  }
  return outcomes;
}

function notInjectedName(reason: NotInjectedReason): string {
  return NotInjectedReasonSchema.value[reason]?.localName ?? '';
}

const reasons: Readonly<Record<string, string>> = {
  PROTOCOL: 'UnsupportedProtocol',
  NAME: 'Invalid',
  POLICY: 'NoMatchingTarget',
  CONFLICT: 'Conflicted',
  SHADOWED: 'Shadowed',
  TARGET: 'InvalidTarget',
};
