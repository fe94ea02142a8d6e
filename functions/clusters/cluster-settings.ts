import { type ClusterLoadAssignment } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type ClusterSettings, GroupEndpoints } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';

/** The settings of all clusters, with defaults where the request leaves them empty. */
export interface Settings {
  readonly xdsTarget: string;
  readonly allowTargets: readonly string[];
  readonly trustedCaFile: string;
  /** The hosts of groups by their names, where they stand in clusters; undefined: the xDS server tells them. */
  readonly inlined: ReadonlyMap<string, ClusterLoadAssignment> | undefined;
}

/** What a request says of all its clusters. */
interface CommonInput {
  readonly settings?: ClusterSettings | undefined;
  readonly groupAssignments: readonly ClusterLoadAssignment[];
}

/** Fills in what a request leaves empty: the names of the chart, and where Envoy's image keeps the system's CAs. */
export function applyDefaults({ settings, groupAssignments }: CommonInput): Settings {
  return {
    xdsTarget:
      settings?.xdsTarget ||
      'dns:///tailscale-gateway-extension-server.tailscale-gateway-system.svc.cluster.local:18000',
    allowTargets: settings?.allowTargets ?? [],
    trustedCaFile: settings?.trustedCaFile || '/etc/ssl/certs/ca-certificates.crt',
    inlined:
      settings?.groupEndpoints === GroupEndpoints.INLINE
        ? new Map(groupAssignments.map((assignment) => [assignment.clusterName, assignment]))
        : undefined,
  };
}
