import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';

const { field } = ClusterSchema;

/**
 * The fields of a custom backend's cluster that are the overlay's alone: whoever merges takes them from the overlay, and
 * clears them where it has none. (Numbers, since a merge that keeps everything else by the byte looks at the wire.)
 */
export const ownedFields: ReadonlySet<number> = new Set(
  [
    field.type,
    field.clusterType,
    field.edsClusterConfig,
    field.loadAssignment,
    field.loadBalancingPolicy,
    field.lbPolicy,
    field.commonLbConfig,
    field.transportSocket,
    field.transportSocketMatches,
    field.healthChecks,
    field.ignoreHealthOnHostRemoval,
    field.dnsLookupFamily,
    field.dnsRefreshRate,
    field.dnsFailureRefreshRate,
    field.respectDnsTtl,
  ].map(({ number }) => number),
);

/** The fields that are the overlay's where it has them, and stay the cluster's where it has not. */
export const preferredFields: ReadonlySet<number> = new Set(
  [field.connectTimeout, field.circuitBreakers, field.outlierDetection].map(({ number }) => number),
);

/** The field whose entries, by their keys, are the overlay's where it has them, and stay the cluster's where it has not. */
export const mergedField: number = field.typedExtensionProtocolOptions.number;
