import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { Cluster_DiscoveryType, ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ApiVersion } from '../../proto/gen/envoy/config/core/v3/config_source_pb.ts';
import { ClusterLoadAssignmentSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ListenerSchema } from '../../proto/gen/envoy/config/listener/v3/listener_pb.ts';
import { RouteConfigurationSchema } from '../../proto/gen/envoy/config/route/v3/route_pb.ts';

/** The types of the suite. */
export const types = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
} as const;

/** The type URL of one of {@link types}. */
export type TypeUrl = (typeof types)[keyof typeof types];

/** A resource as the server under test is given it. */
export interface TestResource {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  /** The serialized message. */
  readonly body: Uint8Array;
  /** Clusters only: the load assignment that belongs to it. */
  readonly endpointName?: string;
}

/** A small valid resource. The revision is part of its content: two revisions are two contents. */
export function buildResource(typeUrl: TypeUrl, name: string, revision = 1): TestResource {
  switch (typeUrl) {
    case types.cluster:
      return { typeUrl, name, body: buildCluster(name, revision), endpointName: name };
    case types.endpoint:
      return { typeUrl, name, body: buildLoadAssignment(name, revision, 1) };
    case types.listener:
      return { typeUrl, name, body: buildListener(name, revision) };
    case types.route:
      return { typeUrl, name, body: buildRouteConfiguration(name, revision) };
    default:
      throw new Error('the suite has no resources of that type', { cause: typeUrl satisfies never });
  }
}

/** A load assignment of many endpoints. */
export function buildLargeLoadAssignment(name: string, revision: number, endpoints: number): TestResource {
  return { typeUrl: types.endpoint, name, body: buildLoadAssignment(name, revision, endpoints) };
}

/** The name and revision of a resource that {@link buildResource} made, out of a response. */
export function readResource(resource: Any): { name: string; revision: number } {
  switch (resource.typeUrl) {
    case types.cluster: {
      const { name, connectTimeout } = fromBinary(ClusterSchema, resource.value);
      return { name, revision: Number(connectTimeout?.seconds ?? 0) };
    }
    case types.endpoint: {
      const { clusterName, endpoints } = fromBinary(ClusterLoadAssignmentSchema, resource.value);
      return { name: clusterName, revision: endpoints[0]?.loadBalancingWeight ?? 0 };
    }
    case types.listener: {
      const { name, statPrefix } = fromBinary(ListenerSchema, resource.value);
      return { name, revision: Number(statPrefix) };
    }
    case types.route: {
      const { name, virtualHosts } = fromBinary(RouteConfigurationSchema, resource.value);
      return { name, revision: Number(virtualHosts[0]?.name ?? 0) };
    }
    default:
      throw new Error(`a resource of an unexpected type: ${resource.typeUrl}`);
  }
}

function buildCluster(name: string, revision: number): Uint8Array {
  const cluster = create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: {
      edsConfig: { configSourceSpecifier: { case: 'ads', value: {} }, resourceApiVersion: ApiVersion.V3 },
      serviceName: name,
    },
    connectTimeout: { seconds: BigInt(revision) },
  });
  return toBinary(ClusterSchema, cluster);
}

function buildLoadAssignment(name: string, revision: number, count: number): Uint8Array {
  const lbEndpoints = Array.from({ length: count }, (_, index) => ({
    hostIdentifier: {
      case: 'endpoint' as const,
      value: { address: { address: socketAddress(`100.64.${index >> 8}.${index & 255}`, 8080) } },
    },
  }));
  const assignment = create(ClusterLoadAssignmentSchema, {
    clusterName: name,
    endpoints: [{ locality: { region: 'tag:weight-1' }, loadBalancingWeight: revision, lbEndpoints }],
  });
  return toBinary(ClusterLoadAssignmentSchema, assignment);
}

function buildListener(name: string, revision: number): Uint8Array {
  const listener = create(ListenerSchema, {
    name,
    statPrefix: String(revision),
    address: { address: socketAddress('127.0.0.1', 10000) },
  });
  return toBinary(ListenerSchema, listener);
}

function buildRouteConfiguration(name: string, revision: number): Uint8Array {
  const route = create(RouteConfigurationSchema, { name, virtualHosts: [{ name: String(revision), domains: ['*'] }] });
  return toBinary(RouteConfigurationSchema, route);
}

function socketAddress(address: string, port: number) {
  return {
    case: 'socketAddress' as const,
    value: { address, portSpecifier: { case: 'portValue' as const, value: port } },
  };
}
