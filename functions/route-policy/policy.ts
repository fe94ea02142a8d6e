import { toBinary } from '@bufbuild/protobuf';
import {
  type EndpointRef,
  type PolicyTarget,
  type RoutePolicy,
  RoutePolicySchema,
  type RouteRef,
  TargetKind,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { compareText } from '../compare-text.ts';
import { compareSeniority } from '../seniority.ts';

/** Writes which policy it is: `namespace/name`; empty for none. */
export function formatPolicy(policy: RoutePolicy | undefined): string {
  return policy === undefined ? '' : `${policy.namespace}/${policy.name}`;
}

/**
 * Orders policies by seniority: where several are about the same, the first one decides, and it decides alone, so that
 * what holds can be read in one resource.
 */
export function sortPolicies(policies: readonly RoutePolicy[]): RoutePolicy[] {
  return policies.toSorted((a, b) => compareSeniority(a, b) || compareText(content(a), content(b)));
}

/** Orders policies that share a name, which no valid request has. */
function content(policy: RoutePolicy): string {
  return toBinary(RoutePolicySchema, policy).join(' ');
}

/** Whether a policy is about an endpoint: one of its own namespace, and of those that it names if it names any. */
export function selectsEndpoint(policy: RoutePolicy, ref: EndpointRef): boolean {
  return (
    policy.namespace === ref.namespace &&
    (policy.endpoints.length === 0 ||
      policy.endpoints.some(
        ({ resource, endpoint }) => resource === ref.resource && (endpoint === '' || endpoint === ref.endpoint),
      ))
  );
}

/** The Gateways and listeners among the targets. Only a policy that has some says where routes are injected. */
export function gatewayTargets(policy: RoutePolicy): PolicyTarget[] {
  return policy.targets.filter(({ kind }) => kind === TargetKind.GATEWAY);
}

/** The policy that says how the cluster of an endpoint is built: the cluster is one for all gateways that lead to it. */
export function findClusterPolicy(sorted: readonly RoutePolicy[], ref: EndpointRef): RoutePolicy | undefined {
  return sorted.find((policy) => selectsEndpoint(policy, ref) && gatewayTargets(policy).length > 0);
}

/**
 * The policy that decides for a rule of an HTTPRoute or GRPCRoute: one that names the rule, else one for the whole
 * resource, as the more specific target wins among Envoy Gateway's own policies too.
 */
export function findRoutePolicy(sorted: readonly RoutePolicy[], route: RouteRef | undefined): RoutePolicy | undefined {
  if (route === undefined) {
    return undefined;
  }
  const find = (section: string) =>
    sorted.find(
      ({ namespace, targets }) =>
        namespace === route.namespace &&
        targets.some(
          ({ kind, name, sectionName }) => kind === route.kind && name === route.name && sectionName === section,
        ),
    );
  return (route.rule === '' ? undefined : find(route.rule)) ?? find('');
}
