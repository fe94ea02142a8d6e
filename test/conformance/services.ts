import { types, type TypeUrl } from './resources.ts';

/** The aggregated service, or the service of one type alone. */
export type Service = 'aggregated' | 'per type';

const aggregated = {
  service: 'envoy.service.discovery.v3.AggregatedDiscoveryService',
  noun: 'AggregatedResources',
};

const methods: Record<TypeUrl, { readonly service: string; readonly noun: string }> = {
  [types.cluster]: { service: 'envoy.service.cluster.v3.ClusterDiscoveryService', noun: 'Clusters' },
  [types.endpoint]: { service: 'envoy.service.endpoint.v3.EndpointDiscoveryService', noun: 'Endpoints' },
  [types.listener]: { service: 'envoy.service.listener.v3.ListenerDiscoveryService', noun: 'Listeners' },
  [types.route]: { service: 'envoy.service.route.v3.RouteDiscoveryService', noun: 'Routes' },
};

/**
 * The path of the method that serves a type in one of the four variants of the protocol.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#rpc-services-and-methods-for-each-variant
 */
export function methodPath(variant: 'Stream' | 'Delta', service: Service, typeUrl: TypeUrl): string {
  const { service: name, noun } = service === 'aggregated' ? aggregated : methods[typeUrl];
  return `/${name}/${variant}${noun}`;
}

/** The names of all services that a complete server has. */
export const serviceNames = [aggregated.service, ...Object.values(methods).map(({ service }) => service)];
