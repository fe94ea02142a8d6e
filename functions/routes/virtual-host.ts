import { create } from '@bufbuild/protobuf';
import { type Route } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { type EndpointRef, type RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  type InjectedRoute,
  InjectedRouteSchema,
  type NotInjected,
  NotInjectedReason,
  NotInjectedSchema,
  type VirtualHost,
  type VirtualHostResult,
  VirtualHostResultSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { compareText } from '../compare-text.ts';
import { compareHostNames } from '../route-policy/host-name.ts';
import { formatPolicy, gatewayTargets } from '../route-policy/policy.ts';
import { compareReferences, formatReference } from '../service-endpoint/reference.ts';
import { prepareRoute } from './existing-route.ts';
import { placeRoute } from './placement.ts';

/** A service that may have routes, and who says where. */
export interface Candidate {
  readonly ref: EndpointRef;
  /** The policies that say where its routes go, the deciding one first; none: everywhere. */
  readonly policies: readonly RoutePolicy[];
  /** The route that a policy asks for; it is the same in every virtual host. */
  buildRoute(policy: RoutePolicy | undefined, checkHost: boolean): BuiltRoute;
}

/** A route, and what decides on its place. */
export interface BuiltRoute {
  readonly route: Route;
  readonly path: string;
  readonly conditions: number;
  readonly headers: string;
}

/** A route with its place. */
interface PlacedRoute extends BuiltRoute {
  readonly injected: InjectedRoute;
}

/**
 * Decides which routes go into a virtual host, and where.
 *
 * @param candidates by seniority: of two that want the same path the first one has it
 * @param refused what has no route in any virtual host
 */
export function computeVirtualHost(
  virtualHost: VirtualHost,
  candidates: readonly Candidate[],
  refused: readonly NotInjected[],
): VirtualHostResult {
  const existing = virtualHost.routes.map(prepareRoute);
  const holders = new Map<string, EndpointRef>();
  const placed: PlacedRoute[] = [];
  const notInjected = [...refused];
  const leaveOut = (endpoint: EndpointRef, reason: NotInjectedReason, detail: string) =>
    notInjected.push(create(NotInjectedSchema, { endpoint, reason, detail }));

  for (const candidate of candidates) {
    const { ref } = candidate;
    const invitation = findInvitation(candidate, virtualHost);
    if (invitation === undefined) {
      const names = candidate.policies.map(formatPolicy).join(', ');
      leaveOut(ref, NotInjectedReason.POLICY, `Policies say where its routes go, and it is not here: ${names}.`);
      continue;
    }
    const built = candidate.buildRoute(invitation.policy, invitation.checkHost);
    const placement = placeRoute(existing, built);
    if (placement.kind === 'shadowed') {
      leaveOut(ref, NotInjectedReason.SHADOWED, `${placement.by} of the gateway has the same match: ${built.path}.`);
      continue;
    }
    const match = `${built.path} ${built.headers}`;
    const holder = holders.get(match);
    if (holder !== undefined) {
      leaveOut(ref, NotInjectedReason.CONFLICT, `${formatReference(holder)} is senior and has ${built.path} here.`);
      continue;
    }
    holders.set(match, ref);
    const injected = create(InjectedRouteSchema, {
      route: built.route,
      before: placement.before,
      endpoint: ref,
      policy: formatPolicy(invitation.policy),
      detail: placement.detail,
      shadowedBy: placement.shadowedBy,
    });
    placed.push({ ...built, injected });
  }

  return create(VirtualHostResultSchema, {
    name: virtualHost.name,
    gatewayNamespace: virtualHost.gatewayNamespace,
    gateway: virtualHost.gateway,
    listener: virtualHost.listener,
    injected: placed.toSorted(comparePlaced).map(({ injected }) => injected),
    notInjected: notInjected.toSorted((a, b) => compareReferences(a.endpoint, b.endpoint)),
  });
}

/** Who wants a service's route in a virtual host; absent: nobody. */
function findInvitation(
  { policies }: Candidate,
  virtualHost: VirtualHost,
): { readonly policy: RoutePolicy | undefined; readonly checkHost: boolean } | undefined {
  if (policies.length === 0) {
    return { policy: undefined, checkHost: false };
  }
  for (const policy of policies) {
    const coverage = targetsVirtualHost(policy, virtualHost)
      ? compareHostNames(virtualHost.domains, policy.hostnames)
      : 'none';
    if (coverage !== 'none') {
      return { policy, checkHost: coverage === 'part' };
    }
  }
  return undefined;
}

function targetsVirtualHost(policy: RoutePolicy, { gatewayNamespace, gateway, listener }: VirtualHost): boolean {
  return (
    policy.namespace === gatewayNamespace &&
    gatewayTargets(policy).some(
      ({ name, sectionName }) => name === gateway && (sectionName === '' || sectionName === listener),
    )
  );
}

/** By place; in one place the longer path comes first, then the one with more conditions, then by name. */
function comparePlaced(a: PlacedRoute, b: PlacedRoute): number {
  return (
    a.injected.before - b.injected.before ||
    b.path.length - a.path.length ||
    b.conditions - a.conditions ||
    compareText(a.route.name, b.route.name)
  );
}
