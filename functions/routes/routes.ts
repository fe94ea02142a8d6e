import { create, toBinary } from '@bufbuild/protobuf';
import { type RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  type ComputeRoutesRequest,
  type ComputeRoutesResponse,
  ComputeRoutesResponseSchema,
  type NotInjected,
  NotInjectedReason,
  NotInjectedSchema,
  type VirtualHost,
  type VirtualHostResult,
  VirtualHostSchema,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { compareText } from '../compare-text.ts';
import {
  findClusterPolicy,
  formatPolicy,
  gatewayTargets,
  selectsEndpoint,
  sortPolicies,
} from '../route-policy/policy.ts';
import { isHttp, type RefusedService, resolveServices, type Service } from '../service-endpoint/service.ts';
import { formatHeaders } from './existing-route.ts';
import { buildHeaderMatchers, buildPath, buildPathRoute } from './path-route.ts';
import { type BuiltRoute, type Candidate, computeVirtualHost } from './virtual-host.ts';

/**
 * Computes which routes go into which virtual host, with the reason of every decision. Total: whatever the request
 * holds, it gets an answer, and the same content gets the same bytes in whatever order its lists are. What makes a
 * request invalid is the handler's to say.
 *
 * An endpoint that a policy with a Gateway among its targets selects goes only where such policies say; every other one
 * goes everywhere. Of several policies that bring an endpoint into one virtual host the senior one decides alone, its
 * path prefix included: an endpoint has one route in a virtual host.
 */
export function computeRoutes(request: ComputeRoutesRequest): ComputeRoutesResponse {
  const compute = prepareRoutes(request);
  return create(ComputeRoutesResponseSchema, {
    virtualHosts: sortVirtualHosts(request.virtualHosts).map(compute),
  });
}

/** {@link computeRoutes} for one virtual host after another: what does not depend on them is computed once. */
export function prepareRoutes({
  endpoints,
  policies,
  allowTargets,
}: Pick<ComputeRoutesRequest, 'endpoints' | 'policies' | 'allowTargets'>): (
  virtualHost: VirtualHost,
) => VirtualHostResult {
  const { services, refused } = resolveServices(endpoints, allowTargets);
  const byNamespace = groupByNamespace(sortPolicies(policies));
  const candidates = services
    .filter(({ endpoint }) => isHttp(endpoint))
    .map((service) => toCandidate(service, byNamespace.get(service.ref.namespace) ?? []));
  const nowhere = [
    ...refused.map(toNotInjected),
    ...services.filter(({ endpoint }) => !isHttp(endpoint)).map(withoutPath),
  ];
  return (virtualHost) => computeVirtualHost(virtualHost, candidates, nowhere);
}

/** @param policies those of the service's namespace, by seniority */
function toCandidate(service: Service, policies: readonly RoutePolicy[]): Candidate {
  const { ref } = service;
  const clusterPolicy = findClusterPolicy(policies, ref);
  const built = new Map<string, BuiltRoute>();
  return {
    ref,
    policies: policies.filter((policy) => gatewayTargets(policy).length > 0 && selectsEndpoint(policy, ref)),
    buildRoute(policy, checkHost) {
      const key = `${formatPolicy(policy)} ${checkHost}`;
      const known = built.get(key);
      if (known !== undefined) {
        return known;
      }
      const plan = { service, policy, clusterPolicy, checkHost };
      const matchers = buildHeaderMatchers(plan);
      const route = buildPathRoute(plan);
      const result = { route, path: buildPath(plan), conditions: matchers.length, headers: formatHeaders(matchers) };
      built.set(key, result);
      return result;
    },
  };
}

function toNotInjected({ ref, reason, detail }: RefusedService): NotInjected {
  return create(NotInjectedSchema, { endpoint: ref, reason: toReason(reason), detail });
}

function toReason(reason: RefusedService['reason']): NotInjectedReason {
  switch (reason) {
    case 'name':
      return NotInjectedReason.NAME;
    case 'protocol':
      return NotInjectedReason.PROTOCOL;
    case 'invalid-target':
    case 'forbidden-target':
      return NotInjectedReason.TARGET;
    default:
      return reason satisfies never;
  }
}

function withoutPath({ ref }: Service): NotInjected {
  const detail = 'protocol TCP: a route of a path carries HTTP and HTTPS.';
  return create(NotInjectedSchema, { endpoint: ref, reason: NotInjectedReason.PROTOCOL, detail });
}

function groupByNamespace(policies: readonly RoutePolicy[]): ReadonlyMap<string, readonly RoutePolicy[]> {
  return Map.groupBy(policies, ({ namespace }) => namespace);
}

/** By name, Gateway and listener. Those that share all of it, which no gateway has, are ordered by content. */
function sortVirtualHosts(virtualHosts: readonly VirtualHost[]): VirtualHost[] {
  return virtualHosts.toSorted(
    (a, b) =>
      compareText(a.name, b.name) ||
      compareText(a.gatewayNamespace, b.gatewayNamespace) ||
      compareText(a.gateway, b.gateway) ||
      compareText(a.listener, b.listener) ||
      compareText(content(a), content(b)),
  );
}

function content(virtualHost: VirtualHost): string {
  return toBinary(VirtualHostSchema, virtualHost).join(' ');
}
