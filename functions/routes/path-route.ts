import { create } from '@bufbuild/protobuf';
import {
  type HeaderMatcher,
  HeaderMatcherSchema,
  type Route,
  type RouteAction,
  RouteActionSchema,
  RouteMatchSchema,
  RouteSchema,
} from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { type HeaderMatch, type RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { compareText } from '../compare-text.ts';
import { buildAuthorityExpression } from '../route-policy/host-name.ts';
import { type Service } from '../service-endpoint/service.ts';
import { buildClusterName, buildRouteName } from '../service-endpoint/service-name.ts';
import { buildHashPolicy } from '../upstream/load-balancing.ts';
import { buildRetryPolicy } from '../upstream/retry-policy.ts';
import { formatHeaders } from './existing-route.ts';

/** The prefix of paths where no policy says another. */
const defaultPathPrefix = '/api/';

/** What decides on a route for a service. */
export interface PathRoutePlan {
  readonly service: Service;
  /** Whose prefix, headers, timeouts and retries it has; absent: nobody's. */
  readonly policy: RoutePolicy | undefined;
  /** Who says how hosts are picked in the service's cluster, and so what is hashed. */
  readonly clusterPolicy: RoutePolicy | undefined;
  /** Whether the route must look at the host, since the virtual host has names that the policy has not. */
  readonly checkHost: boolean;
}

/** The path of a service: itself and everything under it is the route's. */
export function buildPath({ service, policy }: Pick<PathRoutePlan, 'service' | 'policy'>): string {
  return (policy?.pathPrefix || defaultPathPrefix) + service.ref.endpoint;
}

/** Builds the conditions of a route besides its path. */
export function buildHeaderMatchers({ policy, checkHost }: PathRoutePlan): HeaderMatcher[] {
  const matchers = (policy?.headers ?? []).map(buildHeaderMatcher).toSorted(compareMatchers);
  return checkHost && policy !== undefined ? [buildAuthorityMatcher(policy.hostnames), ...matchers] : matchers;
}

/** Builds the route of `{prefix}{service}` and what is under it, which are forwarded without this path. */
export function buildPathRoute(plan: PathRoutePlan): Route {
  const path = buildPath(plan);
  return create(RouteSchema, {
    name: buildRouteName(plan.service.name),
    match: create(RouteMatchSchema, {
      // Neither `/api/webx` nor `/api/web-service` is `/api/web`.
      pathSpecifier: { case: 'pathSeparatedPrefix', value: path },
      headers: buildHeaderMatchers(plan),
    }),
    action: { case: 'route', value: buildRouteAction(plan, path) },
  });
}

function buildRouteAction({ service, policy, clusterPolicy }: PathRoutePlan, path: string): RouteAction {
  const { upstream } = service;
  const retryPolicy = buildRetryPolicy(policy?.retry);
  return create(RouteActionSchema, {
    clusterSpecifier: { case: 'cluster', value: buildClusterName(service.name) },
    // Rewriting the prefix `/api/web` to `/` would turn `/api/web/x` into `//x`.
    regexRewrite: { pattern: { regex: `^${escapeExpression(path)}(?:/|$)` }, substitution: '/' },
    // The devices of a group have no name in common: they see the host that the client asked for.
    ...(upstream.kind === 'group'
      ? {}
      : { hostRewriteSpecifier: { case: 'hostRewriteLiteral', value: upstream.host } as const }),
    hashPolicy: buildHashPolicy(clusterPolicy?.loadBalancing),
    ...(policy?.requestTimeout === undefined ? {} : { timeout: policy.requestTimeout }),
    ...(policy?.idleTimeout === undefined ? {} : { idleTimeout: policy.idleTimeout }),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
  });
}

function buildHeaderMatcher({ name, match }: HeaderMatch): HeaderMatcher {
  const matchPattern =
    match.case === 'regularExpression'
      ? ({ case: 'safeRegex', value: { regex: match.value } } as const)
      : ({ case: 'exact', value: match.value ?? '' } as const);
  return create(HeaderMatcherSchema, {
    name: name.toLowerCase(),
    headerMatchSpecifier: { case: 'stringMatch', value: { matchPattern } },
  });
}

function compareMatchers(a: HeaderMatcher, b: HeaderMatcher): number {
  return compareText(a.name, b.name) || compareText(formatHeaders([a]), formatHeaders([b]));
}

function buildAuthorityMatcher(hostnames: readonly string[]): HeaderMatcher {
  const matchPattern = { case: 'safeRegex', value: { regex: buildAuthorityExpression(hostnames) } } as const;
  return create(HeaderMatcherSchema, {
    name: ':authority',
    headerMatchSpecifier: { case: 'stringMatch', value: { matchPattern } },
  });
}

function escapeExpression(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
