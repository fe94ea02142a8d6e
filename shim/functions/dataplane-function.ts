import { create } from '@bufbuild/protobuf';
import { anyTypes } from '../../functions/dataplane/any-types.ts';
import { computeDataPlane } from '../../functions/dataplane/dataplane.ts';
import { applyDefaults } from '../../functions/dataplane/settings.ts';
import { type Cluster, Cluster_DiscoveryType } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { RouteConfiguration } from '../../proto/gen/envoy/config/route/v3/route_pb.ts';
import { ComputeDataPlaneRequestSchema, DataPlaneService } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import type { CallableFunction } from './callable-function.ts';

/** The data plane's function. */
export const dataplaneFunction: CallableFunction<
  typeof DataPlaneService.method.computeDataPlane.input,
  typeof DataPlaneService.method.computeDataPlane.output
> = {
  name: 'dataplane',
  method: DataPlaneService.method.computeDataPlane,
  compute: computeDataPlane,
  trim: (request) => request,
  probe: () => create(ComputeDataPlaneRequestSchema),
  findFault(request, { listener, apiListener, route, cluster }) {
    const { listenerName, routeName, clusterName, serviceName } = applyDefaults(request);
    const isWhole =
      listener?.name === listenerName &&
      apiListener !== undefined &&
      route?.name === routeName &&
      cluster?.name === clusterName &&
      cluster.edsClusterConfig?.serviceName === serviceName;
    if (!isWhole) return 'a listener, the route or the cluster is missing, or has another name';
    return leadsToGroup(cluster) && leadsToCluster(route, clusterName)
      ? undefined
      : 'the route or the cluster leads elsewhere than to the devices';
  },
  repeats: true,
  anyTypes,
};

/** Whether the hosts of a cluster are those that this process serves, and nothing stands between. */
function leadsToGroup(cluster: Cluster): boolean {
  const { clusterDiscoveryType, edsClusterConfig, loadAssignment, transportSocket, transportSocketMatches, filters } =
    cluster;
  return (
    clusterDiscoveryType.value === Cluster_DiscoveryType.EDS &&
    edsClusterConfig?.edsConfig?.configSourceSpecifier.case === 'ads' &&
    loadAssignment === undefined &&
    transportSocket === undefined &&
    transportSocketMatches.length === 0 &&
    filters.length === 0
  );
}

/** Whether all requests go to one cluster, and no copy of them to another. */
function leadsToCluster({ virtualHosts, requestMirrorPolicies }: RouteConfiguration, cluster: string): boolean {
  return (
    requestMirrorPolicies.length === 0 &&
    virtualHosts.every(
      (host) =>
        host.requestMirrorPolicies.length === 0 &&
        host.routes.every(
          ({ action }) =>
            action.case === 'route' &&
            action.value.clusterSpecifier.case === 'cluster' &&
            action.value.clusterSpecifier.value === cluster &&
            action.value.requestMirrorPolicies.length === 0,
        ),
    )
  );
}
