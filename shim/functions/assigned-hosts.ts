import type { ClusterLoadAssignment } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';

/** A host of a load assignment. */
export interface AssignedHost {
  readonly address: string;
  readonly port: number;
}

/**
 * The hosts of a load assignment; undefined: it has some that it does not name by one address and port, which nobody
 * could check.
 */
export function findHosts(assignment: ClusterLoadAssignment | undefined): AssignedHost[] | undefined {
  if (assignment !== undefined && Object.keys(assignment.namedEndpoints).length > 0) return undefined;
  const hosts: AssignedHost[] = [];
  for (const { lbConfig, lbEndpoints } of assignment?.endpoints ?? []) {
    if (lbConfig.case !== undefined) return undefined;
    for (const { hostIdentifier } of lbEndpoints) {
      const endpoint = hostIdentifier.case === 'endpoint' ? hostIdentifier.value : undefined;
      const address = endpoint?.address?.address;
      if (address?.case !== 'socketAddress' || endpoint?.additionalAddresses.length !== 0) return undefined;
      const { portSpecifier, resolverName } = address.value;
      if (portSpecifier.case !== 'portValue' || resolverName !== '') return undefined;
      hosts.push({ address: address.value.address, port: portSpecifier.value });
    }
  }
  return hosts;
}
