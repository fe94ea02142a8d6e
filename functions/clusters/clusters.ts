import { create } from '@bufbuild/protobuf';
import {
  type ComputeClustersRequest,
  type ComputeClustersResponse,
  ComputeClustersResponseSchema,
  type ComputedCluster,
  ComputedClusterSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { type RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { compareText } from '../compare-text.ts';
import { findClusterPolicy, formatPolicy, sortPolicies } from '../route-policy/policy.ts';
import { compareReferences } from '../service-endpoint/reference.ts';
import { resolveServices, type Service } from '../service-endpoint/service.ts';
import { type ServiceUpstream } from '../service-endpoint/service-upstream.ts';
import { applyDefaults, type Settings } from './cluster-settings.ts';
import { buildRefusal } from './refusal.ts';
import { buildServiceCluster } from './service-cluster.ts';

/**
 * Computes the cluster behind the route of each endpoint, or why there is none. Total: whatever the request holds, it
 * gets an answer, and the same content gets the same bytes in whatever order its lists are. What makes a request
 * invalid is the handler's to say.
 */
export function computeClusters(request: ComputeClustersRequest): ComputeClustersResponse {
  const settings = applyDefaults(request);
  const { services, refused } = resolveServices(request.endpoints, settings.allowTargets);
  const policies = Map.groupBy(sortPolicies(request.policies), ({ namespace }) => namespace);
  const clusters = services.map((service) => computeCluster(service, policies.get(service.ref.namespace), settings));
  return create(ComputeClustersResponseSchema, {
    clusters: clusters.toSorted((a, b) => compareText(a.cluster?.name ?? '', b.cluster?.name ?? '')),
    refused: refused.map(buildRefusal).toSorted((a, b) => compareReferences(a.endpoint, b.endpoint)),
  });
}

function computeCluster(
  service: Service,
  policies: readonly RoutePolicy[] | undefined,
  settings: Settings,
): ComputedCluster {
  const policy = findClusterPolicy(policies ?? [], service.ref);
  return create(ComputedClusterSchema, {
    cluster: buildServiceCluster(service, policy, settings),
    endpoint: service.ref,
    group: service.upstream.kind === 'group' ? service.upstream.group : '',
    detail: describe(service.upstream),
    policy: formatPolicy(policy),
  });
}

function describe(upstream: ServiceUpstream): string {
  switch (upstream.kind) {
    case 'name':
      return `DNS tells the addresses of ${upstream.host}.`;
    case 'address':
      return `${upstream.address} is its one host.`;
    case 'group':
      return `The devices with ${upstream.tags.toSorted(compareText).join(', ')} are its hosts, weighted.`;
    default:
      return upstream satisfies never;
  }
}
