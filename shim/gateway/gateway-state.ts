import type { EndpointRef, RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';

/** A cluster to add to what Envoy Gateway translates. */
export interface EncodedCluster {
  readonly name: string;
  /** The serialized `envoy.config.cluster.v3.Cluster`. */
  readonly body: Uint8Array;
  readonly endpoint: EndpointRef;
}

/** What the hooks answer from: the decided state of all resources, in memory. */
export interface GatewayState {
  /** Whether all resources have been read once. */
  readonly synced: boolean;
  /** Changes whenever something that is injected changes, and only then; a hash of content. */
  readonly revision: string;
  /** The endpoints that count, in a stable order; the same array while nothing changes. */
  readonly endpoints: readonly ServiceEndpoint[];
  /** The policies that count, in a stable order; the same array while nothing changes. */
  readonly policies: readonly RoutePolicy[];
  /** The clusters behind all endpoints, ordered by name; the same array while nothing changes. */
  readonly clusters: readonly EncodedCluster[];
  /** Calls `listener` after each change of `revision` and when it becomes synced, until the answer is called. */
  observe(listener: () => void): () => void;
}
