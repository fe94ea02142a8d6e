import type { EndpointRef } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';

/** A cluster to add to what Envoy Gateway translates. */
export interface EncodedCluster {
  readonly name: string;
  /** The serialized `envoy.config.cluster.v3.Cluster`. */
  readonly body: Uint8Array;
  readonly endpoint: EndpointRef;
}
