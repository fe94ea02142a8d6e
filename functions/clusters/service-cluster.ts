import { create } from '@bufbuild/protobuf';
import { type Cluster, ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { EndpointProtocol, type RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { isHttp, type Service } from '../service-endpoint/service.ts';
import { buildClusterName } from '../service-endpoint/service-name.ts';
import { buildLoadBalancing } from '../upstream/load-balancing.ts';
import { buildLimits } from './cluster-policy.ts';
import { type Settings } from './cluster-settings.ts';
import { buildGroupDiscovery, buildHostDiscovery } from './discovery.ts';
import { buildEndpointHealthChecks } from './endpoint-health-check.ts';
import { buildClusterHost } from './load-assignment.ts';
import { buildTls } from './tls.ts';
import { buildProtocolOptions, toUpstreamProtocol } from './upstream-protocol.ts';

/** Builds the cluster behind the route of a service. */
export function buildServiceCluster(service: Service, policy: RoutePolicy | undefined, settings: Settings): Cluster {
  const { endpoint, upstream } = service;
  const name = buildClusterName(service.name);
  const tls = endpoint.protocol === EndpointProtocol.HTTPS;
  const protocol = toUpstreamProtocol(policy?.upstreamHttp, tls);
  return create(ClusterSchema, {
    name,
    ...(upstream.kind === 'group'
      ? buildGroupDiscovery(name, upstream.group, settings)
      : buildHostDiscovery(name, [buildClusterHost(endpoint, upstream)])),
    ...buildLimits(policy),
    ...buildLoadBalancing(policy?.loadBalancing),
    healthChecks: buildEndpointHealthChecks(endpoint, protocol),
    ...(tls ? { transportSocket: buildTls(upstream, protocol, settings) } : {}),
    ...(isHttp(endpoint) ? { typedExtensionProtocolOptions: buildProtocolOptions(protocol) } : {}),
  });
}
