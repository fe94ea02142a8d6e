import { type Cluster } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';

/** Some fields of a cluster, to be joined with others. */
export type ClusterFields = Partial<Omit<Cluster, '$typeName' | '$unknown'>>;
