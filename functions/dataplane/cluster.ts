import { create } from '@bufbuild/protobuf';
import {
  type Cluster,
  Cluster_DiscoveryType,
  ClusterSchema,
} from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { buildHealthChecks } from '../upstream/health-check.ts';
import { buildOutlierDetection } from '../upstream/outlier-detection.ts';
import { buildAdsConfigSource } from './ads-config-source.ts';
import { buildClientLoadBalancing } from './load-balancing.ts';
import { type Settings } from './settings.ts';

/** Builds the cluster of all servers; its endpoints come over the same stream. */
export function buildCluster(settings: Settings): Cluster {
  const outlierDetection = buildOutlierDetection(settings.outlierDetection);
  return create(ClusterSchema, {
    name: settings.clusterName,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: buildAdsConfigSource(), serviceName: settings.serviceName },
    connectTimeout: settings.connectTimeout,
    healthChecks: buildHealthChecks(settings.healthCheck),
    // Envoy would keep a host that is no longer an endpoint for as long as it answers.
    ignoreHealthOnHostRemoval: true,
    ...buildClientLoadBalancing(settings.loadBalancing),
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
  });
}
