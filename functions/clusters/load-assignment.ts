import { create } from '@bufbuild/protobuf';
import { type Metadata, MetadataSchema } from '../../proto/gen/envoy/config/core/v3/base_pb.ts';
import { type LbEndpoint, LbEndpointSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { isChecked } from './endpoint-health-check.ts';
import { type ServiceUpstream } from '../service-endpoint/service-upstream.ts';

/** An upstream that stands in a cluster itself. */
export type HostUpstream = Exclude<ServiceUpstream, { readonly kind: 'group' }>;

/** A host of a cluster. */
export interface ClusterHost {
  readonly upstream: HostUpstream;
  readonly weight: number;
  /** What tells it from the cluster's others; empty: there is no other. */
  readonly key: string;
  /** Host header of the cluster's health checks; empty: it is left out of them; absent: there are none. */
  readonly checkedAs: string | undefined;
  /** Which of the cluster's transport sockets is its; absent: the cluster has one alone. */
  readonly socketKey?: string;
}

/** The metadata that chooses among a cluster's transport sockets. */
const socketMatchKey = 'envoy.transport_socket_match';

/** An endpoint as a host of a cluster. */
export function buildClusterHost({ weight, healthCheck }: ServiceEndpoint, upstream: HostUpstream): ClusterHost {
  const checkedAs = isChecked(healthCheck) ? healthCheck.host || upstream.host : undefined;
  return { upstream, weight: weight || 1, key: '', checkedAs };
}

/**
 * Builds the hosts of a cluster, each in a locality of its own: a name of three addresses would have three times the
 * weight if it were weighed by address.
 */
export function buildLoadAssignment(clusterName: string, hosts: readonly ClusterHost[]): ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, {
    clusterName,
    endpoints: hosts.map((host) => ({
      locality: { subZone: host.key },
      loadBalancingWeight: host.weight,
      lbEndpoints: [buildHost(host)],
    })),
  });
}

function buildHost({ upstream, checkedAs, socketKey }: ClusterHost): LbEndpoint {
  const socketAddress = {
    address: upstream.kind === 'name' ? upstream.resolve : upstream.address,
    portSpecifier: { case: 'portValue', value: upstream.port },
  } as const;
  const endpoint = {
    address: { address: { case: 'socketAddress', value: socketAddress } },
    // What a rewriting of the host by upstream calls it.
    hostname: upstream.host,
    ...(checkedAs === undefined ? {} : { healthCheckConfig: toCheckConfig(checkedAs) }),
  } as const;
  return create(LbEndpointSchema, {
    hostIdentifier: { case: 'endpoint', value: endpoint },
    ...(socketKey === undefined ? {} : { metadata: buildSocketMetadata(socketKey) }),
  });
}

function toCheckConfig(hostname: string) {
  return hostname === '' ? { disableActiveHealthCheck: true } : { hostname };
}

function buildSocketMetadata(socket: string): Metadata {
  return create(MetadataSchema, { filterMetadata: { [socketMatchKey]: { tailway: socket } } });
}
