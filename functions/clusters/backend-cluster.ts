import { create } from '@bufbuild/protobuf';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  type ComputeBackendClusterRequest,
  type ComputeBackendClusterResponse,
  ComputeBackendClusterResponseSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import {
  EndpointProtocol,
  type RoutePolicy,
  type RouteRef,
  TargetKind,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { findRoutePolicy, formatPolicy, sortPolicies } from '../route-policy/policy.ts';
import { compareReferences, formatReference } from '../service-endpoint/reference.ts';
import { resolveServices, type Service } from '../service-endpoint/service.ts';
import { buildTypedLoadBalancing } from '../upstream/typed-load-balancing.ts';
import { type Backends, chooseBackends } from './backend-choice.ts';
import { buildBackendSockets, toSocketKey } from './backend-socket.ts';
import { type ClusterFields } from './cluster-fields.ts';
import { buildOwnLimits } from './cluster-policy.ts';
import { applyDefaults, type Settings } from './cluster-settings.ts';
import { buildGroupDiscovery, buildHostDiscovery } from './discovery.ts';
import { buildEndpointHealthChecks, isChecked } from './endpoint-health-check.ts';
import { buildClusterHost } from './load-assignment.ts';
import { buildRefusal } from './refusal.ts';
import { buildTls } from './tls.ts';
import { buildProtocolOptions, toUpstreamProtocol, type UpstreamProtocol } from './upstream-protocol.ts';

/** Backends that there are. */
type UsedBackends = Exclude<Backends, { readonly kind: 'none' }>;

/**
 * Computes what becomes of the cluster that Envoy Gateway made for a custom backend: all endpoints behind it, weighted,
 * or the devices of its group. Total, and the same in whatever order the request's lists are. Names and addresses, TLS
 * and plain text can share a cluster; what can't is left out with a reason.
 */
export function computeBackendCluster(request: ComputeBackendClusterRequest): ComputeBackendClusterResponse {
  const settings = applyDefaults(request);
  const { services, refused } = resolveServices(request.endpoints, settings.allowTargets);
  const { backends, leftOut } = chooseBackends(services);
  const refusals = [...refused, ...leftOut].map(buildRefusal);
  const common = { refused: refusals.toSorted((a, b) => compareReferences(a.endpoint, b.endpoint)) };
  if (backends.kind === 'none') {
    return create(ComputeBackendClusterResponseSchema, common);
  }
  const policy = findRoutePolicy(sortPolicies(request.policies), request.route);
  const protocol = chooseProtocol(backends, policy, request.route);
  return create(ComputeBackendClusterResponseSchema, {
    ...common,
    overlay: create(ClusterSchema, {
      ...(backends.kind === 'group'
        ? buildGroupFields(request.clusterName, backends, protocol, settings)
        : buildHostsFields(request.clusterName, backends, protocol, settings)),
      ...buildOwnProtocol(policy, protocol),
      ...buildOwnLimits(policy),
      ...buildTypedLoadBalancing(policy?.loadBalancing),
    }),
    group: backends.kind === 'group' ? backends.group : '',
    policy: formatPolicy(policy),
  });
}

/** What the policy says; without one HTTP/2 for GRPCRoutes, and else what all hosts can agree on. */
function chooseProtocol(
  backends: UsedBackends,
  policy: RoutePolicy | undefined,
  route: RouteRef | undefined,
): UpstreamProtocol {
  const tls = backends.kind === 'group' ? isTls(backends.service) : backends.services.every(isTls);
  return policy?.upstreamHttp || route?.kind !== TargetKind.GRPC_ROUTE
    ? toUpstreamProtocol(policy?.upstreamHttp, tls)
    : 'http2';
}

/** Envoy Gateway sets HTTP/1.1 and, for GRPCRoutes, HTTP/2 itself, perhaps with more beside it that is not ours to drop. */
function buildOwnProtocol(policy: RoutePolicy | undefined, protocol: UpstreamProtocol): ClusterFields {
  return policy?.upstreamHttp || protocol === 'negotiated'
    ? { typedExtensionProtocolOptions: buildProtocolOptions(protocol) }
    : {};
}

function buildGroupFields(
  name: string,
  { service, group }: Extract<UsedBackends, { readonly kind: 'group' }>,
  protocol: UpstreamProtocol,
  settings: Settings,
): ClusterFields {
  return {
    ...buildGroupDiscovery(name, group, settings),
    ...(isTls(service) ? { transportSocket: buildTls(service.upstream, protocol, settings) } : {}),
    healthChecks: buildEndpointHealthChecks(service.endpoint, protocol),
  };
}

function buildHostsFields(
  name: string,
  { services }: Extract<UsedBackends, { readonly kind: 'hosts' }>,
  protocol: UpstreamProtocol,
  settings: Settings,
): ClusterFields {
  const checked = services.find(({ endpoint }) => isChecked(endpoint.healthCheck));
  const hosts = services.map((service) => {
    const { upstream, weight, checkedAs } = buildClusterHost(service.endpoint, service.upstream);
    return {
      upstream,
      weight,
      key: formatReference(service.ref),
      checkedAs: checked === undefined ? undefined : (checkedAs ?? ''),
      socketKey: toSocketKey(service),
    };
  });
  return {
    ...buildHostDiscovery(name, hosts),
    ...buildBackendSockets(services, protocol, settings),
    healthChecks: checked === undefined ? [] : buildEndpointHealthChecks(checked.endpoint, protocol),
  };
}

function isTls({ endpoint }: Service): boolean {
  return endpoint.protocol === EndpointProtocol.HTTPS;
}
