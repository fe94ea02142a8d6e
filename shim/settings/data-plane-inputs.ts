import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ComputeDataPlaneRequest,
  ComputeDataPlaneRequestSchema,
} from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { AddressFamily, type Group, GroupSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import type { Settings } from './definitions.ts';

/** EDS service name of the sidecars' cluster. */
const sidecarServiceName = 'eds_backend';

/** The weighted group that the sidecars balance over. */
export function settingsToGroup(settings: Settings): Group {
  return create(GroupSchema, {
    name: sidecarServiceName,
    discoveryTags: [...settings.discoveryTags],
    port: settings.endpointPort,
    addressFamily: addressFamilies[settings.addressFamily],
    loadBalancing: settingsToBalancing(settings),
  });
}

/** What the sidecars are told besides their endpoints. */
export function settingsToDataPlane(settings: Settings): ComputeDataPlaneRequest {
  return create(ComputeDataPlaneRequestSchema, {
    listenerAddress: settings.listenerAddress,
    listenerPort: settings.listenerPort,
    clusterName: settings.clusterName,
    serviceName: sidecarServiceName,
    connectTimeout: durationFromMs(settings.connectTimeout),
    requestTimeout: durationFromMs(settings.routeTimeout),
    accessLog: settings.accessLog,
    loadBalancing: {
      ...settingsToBalancing(settings),
      hashHeader: settings.hashHeader,
      ...(settings.slowStart > 0 ? { slowStart: durationFromMs(settings.slowStart) } : {}),
    },
    healthCheck: {
      disabled: !settings.healthCheck,
      path: settings.healthCheckPath,
      host: settings.healthCheckHost,
      interval: durationFromMs(settings.healthCheckInterval),
      timeout: durationFromMs(settings.healthCheckTimeout),
      unhealthyThreshold: settings.unhealthyThreshold,
      healthyThreshold: settings.healthyThreshold,
    },
    outlierDetection: {
      enabled: settings.outlierDetection,
      consecutive5xx: settings.outlierConsecutive5xx,
      interval: durationFromMs(settings.outlierInterval),
      baseEjectionTime: durationFromMs(settings.outlierEjectionTime),
      maxEjectionPercent: settings.outlierMaxEjectionPercent,
    },
    ...(settings.retries > 0 ? { retry: { attempts: settings.retries, on: settings.retryOn } } : {}),
  });
}

/** What decides the shares of the sidecars' endpoints. */
function settingsToBalancing(settings: Settings) {
  return { policy: policies[settings.loadBalancing], panicThreshold: settings.panicThreshold };
}

const addressFamilies = {
  'ipv4-first': AddressFamily.IPV4_FIRST,
  'ipv6-first': AddressFamily.IPV6_FIRST,
  'ipv4-only': AddressFamily.IPV4_ONLY,
  'ipv6-only': AddressFamily.IPV6_ONLY,
} as const;

const policies = {
  'round-robin': LoadBalancingPolicy.ROUND_ROBIN,
  'least-request': LoadBalancingPolicy.LEAST_REQUEST,
  'ring-hash': LoadBalancingPolicy.RING_HASH,
  maglev: LoadBalancingPolicy.MAGLEV,
  random: LoadBalancingPolicy.RANDOM,
} as const;
