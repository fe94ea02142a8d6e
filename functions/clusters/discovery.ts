import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_EdsClusterConfigSchema,
  Cluster_RefreshRateSchema,
} from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type ClusterFields } from './cluster-fields.ts';
import { type Settings } from './cluster-settings.ts';
import { buildLoadAssignment, type ClusterHost } from './load-assignment.ts';
import { buildXdsConfigSource } from './xds-config-source.ts';

/** Builds a cluster whose hosts are the devices of a group: the xDS server tells them, or they stand in it. */
export function buildGroupDiscovery(clusterName: string, group: string, settings: Settings): ClusterFields {
  if (settings.inlined !== undefined) {
    const assignment = settings.inlined.get(group) ?? create(ClusterLoadAssignmentSchema);
    return {
      clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
      loadAssignment: { ...assignment, clusterName },
      ignoreHealthOnHostRemoval: true,
    };
  }
  return {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: create(Cluster_EdsClusterConfigSchema, {
      edsConfig: buildXdsConfigSource(settings.xdsTarget),
      serviceName: group,
    }),
    ignoreHealthOnHostRemoval: true,
  };
}

/**
 * Builds a cluster whose hosts stand in it. Names are resolved to all their addresses, so that each of them is weighed,
 * checked and left out on its own; an address family that the gateway may not have is the second choice.
 */
export function buildHostDiscovery(clusterName: string, hosts: readonly ClusterHost[]): ClusterFields {
  const loadAssignment = buildLoadAssignment(clusterName, hosts);
  // Envoy would keep a host that is no longer an endpoint for as long as it answers.
  const ignoreHealthOnHostRemoval = true;
  if (hosts.every(({ upstream }) => upstream.kind === 'address')) {
    const type = { case: 'type', value: Cluster_DiscoveryType.STATIC } as const;
    return { clusterDiscoveryType: type, loadAssignment, ignoreHealthOnHostRemoval };
  }
  return {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STRICT_DNS },
    loadAssignment,
    ignoreHealthOnHostRemoval,
    dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
    respectDnsTtl: true,
    // Where an answer has no TTL, and after a failure.
    dnsRefreshRate: durationFromMs(30_000),
    dnsFailureRefreshRate: create(Cluster_RefreshRateSchema, {
      baseInterval: durationFromMs(1000),
      maxInterval: durationFromMs(10_000),
    }),
  };
}
