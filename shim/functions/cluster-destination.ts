import { equals } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { Settings } from '../../functions/clusters/cluster-settings.ts';
import { buildTls } from '../../functions/clusters/tls.ts';
import { toUpstreamProtocol } from '../../functions/clusters/upstream-protocol.ts';
import type { Service } from '../../functions/service-endpoint/service.ts';
import { buildClusterName } from '../../functions/service-endpoint/service-name.ts';
import type { Cluster } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { TransportSocket } from '../../proto/gen/envoy/config/core/v3/base_pb.ts';
import {
  CommonTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../../proto/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { EndpointProtocol } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { type AssignedHost, findHosts } from './assigned-hosts.ts';

/**
 * Why a cluster can't be that of a service, as a sentence; undefined: it can. It must have the service's name, lead to
 * the upstream of its resource and nowhere else, and ask an HTTPS upstream for the certificate of that name. How it is
 * balanced, checked and limited is the function's to say.
 */
export function findDestinationFault(cluster: Cluster, service: Service, settings: Settings): string | undefined {
  if (cluster.name !== buildClusterName(service.name)) return 'a cluster has the name of another';
  const { clusterDiscoveryType, transportSocketMatches, filters } = cluster;
  if (clusterDiscoveryType.case === 'clusterType' || transportSocketMatches.length > 0 || filters.length > 0) {
    return 'a cluster has a way to its hosts that can not be checked';
  }
  if (!leadsToUpstream(cluster, service, settings)) return 'a cluster leads elsewhere than its endpoint';
  return verifiesUpstream(cluster, service, settings)
    ? undefined
    : 'a cluster asks its upstream for another certificate, or for none';
}

function leadsToUpstream(cluster: Cluster, { upstream }: Service, settings: Settings): boolean {
  if (upstream.kind !== 'group') {
    const address = upstream.kind === 'name' ? upstream.resolve : upstream.address;
    return hasOnlyHosts(cluster, [{ address, port: upstream.port }]);
  }
  if (settings.inlined !== undefined)
    return hasOnlyHosts(cluster, findHosts(settings.inlined.get(upstream.group)) ?? []);
  const { edsClusterConfig, loadAssignment } = cluster;
  const source = edsClusterConfig?.edsConfig?.configSourceSpecifier;
  const servers = source?.case === 'apiConfigSource' ? source.value.grpcServices : [];
  return (
    loadAssignment === undefined &&
    edsClusterConfig?.serviceName === upstream.group &&
    servers.length > 0 &&
    servers.every(
      ({ targetSpecifier: target }) => target.case === 'googleGrpc' && target.value.targetUri === settings.xdsTarget,
    )
  );
}

function hasOnlyHosts({ edsClusterConfig, loadAssignment }: Cluster, known: readonly AssignedHost[]): boolean {
  const names = new Set(known.map(toText));
  const hosts = findHosts(loadAssignment);
  return edsClusterConfig === undefined && hosts?.every((host) => names.has(toText(host))) === true;
}

function toText({ address, port }: AssignedHost): string {
  return `${address} ${port}`;
}

/** Without TLS there is no socket at all: others may lead through a proxy. */
function verifiesUpstream({ transportSocket }: Cluster, service: Service, settings: Settings): boolean {
  if (service.endpoint.protocol !== EndpointProtocol.HTTPS) return transportSocket === undefined;
  const own = readTls(buildTls(service.upstream, toUpstreamProtocol(undefined, true), settings));
  const told = readTls(transportSocket);
  if (own === undefined || told === undefined) return false;
  const [ownContext, toldContext] = [own, told].map(({ commonTlsContext }) => commonTlsContext);
  return (
    ownContext !== undefined &&
    toldContext !== undefined &&
    told.sni === own.sni &&
    told.autoHostSni === own.autoHostSni &&
    told.autoSniSanValidation === own.autoSniSanValidation &&
    // Which protocols are offered is no matter of trust.
    equals(CommonTlsContextSchema, { ...toldContext, alpnProtocols: [] }, { ...ownContext, alpnProtocols: [] })
  );
}

function readTls(socket: TransportSocket | undefined) {
  const { configType } = socket ?? {};
  return configType?.case === 'typedConfig' ? anyUnpack(configType.value, UpstreamTlsContextSchema) : undefined;
}
