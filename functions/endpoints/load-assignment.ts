import { create } from '@bufbuild/protobuf';
import {
  type LbEndpoint,
  LbEndpointSchema,
  type LocalityLbEndpoints,
  LocalityLbEndpointsSchema,
} from '../../proto/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type Endpoint, type Locality } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/**
 * Builds what Envoy is given for a group.
 *
 * @param overprovisioningFactor percent; 0: left to Envoy
 */
export function buildLoadAssignment(
  name: string,
  localities: readonly Locality[],
  overprovisioningFactor: number,
): ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, {
    clusterName: name,
    endpoints: localities.map(buildLocalityEndpoints),
    ...(overprovisioningFactor === 0 ? {} : { policy: { overprovisioningFactor } }),
  });
}

/** A locality is named even if region and zone are empty: gRPC clients refuse one without a name. */
function buildLocalityEndpoints({ region, zone, priority, weight, endpoints }: Locality): LocalityLbEndpoints {
  return create(LocalityLbEndpointsSchema, {
    locality: { region, zone },
    priority,
    loadBalancingWeight: weight,
    lbEndpoints: endpoints.map(buildEndpoint),
  });
}

/** An upstream over TLS verifies the device's name, which is why the endpoint carries it. */
function buildEndpoint({ deviceName, address, port, weight }: Endpoint): LbEndpoint {
  const socketAddress = { address, portSpecifier: { case: 'portValue', value: port } } as const;
  return create(LbEndpointSchema, {
    loadBalancingWeight: weight,
    hostIdentifier: {
      case: 'endpoint',
      value: { address: { address: { case: 'socketAddress', value: socketAddress } }, hostname: deviceName },
    },
  });
}
