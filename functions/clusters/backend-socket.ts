import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import {
  type Cluster_TransportSocketMatch,
  Cluster_TransportSocketMatchSchema,
} from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { type TransportSocket, TransportSocketSchema } from '../../proto/gen/envoy/config/core/v3/base_pb.ts';
import { RawBufferSchema } from '../../proto/gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.ts';
import { EndpointProtocol } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { compareText } from '../compare-text.ts';
import { type HostService } from './backend-choice.ts';
import { type ClusterFields } from './cluster-fields.ts';
import { type Settings } from './cluster-settings.ts';
import { buildTls } from './tls.ts';
import { type UpstreamProtocol } from './upstream-protocol.ts';

/** Names the transport socket of a host: hosts of one name in plain text or of one certificate share it. */
export function toSocketKey({ endpoint, upstream }: HostService): string {
  return endpoint.protocol === EndpointProtocol.HTTPS ? `tls ${upstream.host}` : 'plain';
}

/**
 * Builds how the hosts of a cluster are connected to. Where it is not the same for all of them, each host's metadata
 * chooses its own.
 */
export function buildBackendSockets(
  services: readonly [HostService, ...HostService[]],
  protocol: UpstreamProtocol,
  settings: Settings,
): ClusterFields {
  const byKey = new Map(services.map((service) => [toSocketKey(service), service]));
  const sockets = [...byKey]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([key, service]) => ({
      key,
      socket: buildSocket(service, protocol, settings),
    }));
  const transportSocket = buildSocket(byKey.get(toSocketKey(services[0])) ?? services[0], protocol, settings);
  return sockets.length === 1
    ? { transportSocket }
    : { transportSocket, transportSocketMatches: sockets.map(({ key, socket }) => buildMatch(key, socket)) };
}

function buildSocket(service: HostService, protocol: UpstreamProtocol, settings: Settings): TransportSocket {
  return service.endpoint.protocol === EndpointProtocol.HTTPS
    ? buildTls(service.upstream, protocol, settings)
    : create(TransportSocketSchema, {
        name: 'envoy.transport_sockets.raw_buffer',
        configType: { case: 'typedConfig', value: anyPack(RawBufferSchema, create(RawBufferSchema)) },
      });
}

function buildMatch(key: string, transportSocket: TransportSocket): Cluster_TransportSocketMatch {
  return create(Cluster_TransportSocketMatchSchema, { name: key, match: { tailway: key }, transportSocket });
}
