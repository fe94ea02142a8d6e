import { createHash } from 'node:crypto';

/**
 * The resource types that are served, in the order in which a change of several types is sent on
 * one ADS stream (make before break).
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#eventual-consistency-considerations
 */
export const typeUrls = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
} as const;

/** One of the served types, as an `Any` of Envoy names it. */
export type TypeUrl = (typeof typeUrls)[keyof typeof typeUrls];

/** One xDS resource as it goes over the wire. */
export interface Resource {
  readonly typeUrl: TypeUrl;
  /** The name that clients subscribe to. */
  readonly name: string;
  /** Hash of `body`: equal on every replica and after a restart. */
  readonly version: string;
  /** The serialized message, without its `Any`. */
  readonly body: Uint8Array;
  /** Clusters only: the EDS service name whose load assignment must follow this cluster when it is sent again. */
  readonly endpointName?: string;
  /** Sent only to who asks for its name, never to a wildcard subscription (gRPC's API listeners). */
  readonly onDemand?: boolean;
}

/** Wraps a serialized message as a resource; the version is the hash of its bytes. */
export function createResource(
  typeUrl: TypeUrl,
  name: string,
  body: Uint8Array,
  options: Pick<Resource, 'endpointName' | 'onDemand'> = {},
): Resource {
  return { typeUrl, name, body, version: createHash('sha256').update(body).digest('hex').slice(0, 16), ...options };
}

/** One step of a transaction: a resource that is there from now on, or a name that is gone. */
export type ResourceChange =
  | { readonly kind: 'set'; readonly resource: Resource }
  | { readonly kind: 'remove'; readonly typeUrl: TypeUrl; readonly name: string };
