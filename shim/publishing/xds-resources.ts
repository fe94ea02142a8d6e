import { toBinary } from '@bufbuild/protobuf';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type Listener, ListenerSchema } from '../../proto/gen/envoy/config/listener/v3/listener_pb.ts';
import { RouteConfigurationSchema } from '../../proto/gen/envoy/config/route/v3/route_pb.ts';
import type { ComputeDataPlaneResponse } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import type { GroupResult } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Resource, createResource, typeUrls } from '../xds/resource.ts';

/** The xDS resources of a computed data plane. */
export function dataPlaneToResources(answer: ComputeDataPlaneResponse): Resource[] {
  const { cluster, route, listener, apiListener } = answer;
  const resources: Resource[] = [];
  if (cluster !== undefined) {
    const endpointName = cluster.edsClusterConfig?.serviceName || cluster.name;
    const body = toBinary(ClusterSchema, cluster);
    resources.push(createResource(typeUrls.cluster, cluster.name, body, { endpointName }));
  }
  if (route !== undefined) {
    resources.push(createResource(typeUrls.route, route.name, toBinary(RouteConfigurationSchema, route)));
  }
  if (listener !== undefined) resources.push(listenerToResource(listener, false));
  // Envoy refuses a listener without an address, so only who asks for it by name gets it.
  if (apiListener !== undefined) resources.push(listenerToResource(apiListener, true));
  return resources;
}

function listenerToResource(listener: Listener, onDemand: boolean): Resource {
  return createResource(typeUrls.listener, listener.name, toBinary(ListenerSchema, listener), { onDemand });
}

/** The load assignment of a computed group. */
export function groupToResources({ name, loadAssignment }: GroupResult): Resource[] {
  return loadAssignment === undefined
    ? []
    : [createResource(typeUrls.endpoint, name, toBinary(ClusterLoadAssignmentSchema, loadAssignment))];
}
