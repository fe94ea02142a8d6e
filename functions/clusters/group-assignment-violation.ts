import { type ClusterLoadAssignment } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type LbEndpoint } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import { findRepeated } from '../repeated-violation.ts';
import { type FieldViolation } from '../serving/field-violation.ts';
import { parseIpAddress } from '../service-endpoint/ip-address.ts';

const list = 'group_assignments';

/** Finds groups that are given twice, and hosts that a cluster of type STATIC can't have: Envoy would refuse all of it. */
export function findGroupAssignmentViolations(assignments: readonly ClusterLoadAssignment[]): FieldViolation[] {
  const names = assignments.map(({ clusterName }) => clusterName);
  return [
    ...findRepeated(list, 'cluster_name', names),
    ...assignments.flatMap(({ endpoints }, index) =>
      endpoints.flatMap(({ lbEndpoints }, locality) =>
        lbEndpoints.flatMap((host, position) =>
          isIpHost(host)
            ? []
            : [
                {
                  path: `${list}[${index}].endpoints[${locality}].lb_endpoints[${position}]`,
                  rule: `${list}.address`,
                  message: 'must have a socket address with an IP address and a port',
                },
              ],
        ),
      ),
    ),
  ];
}

function isIpHost({ hostIdentifier }: LbEndpoint): boolean {
  const address = hostIdentifier.case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
  return (
    address?.case === 'socketAddress' &&
    parseIpAddress(address.value.address) !== undefined &&
    address.value.portSpecifier.case === 'portValue'
  );
}
