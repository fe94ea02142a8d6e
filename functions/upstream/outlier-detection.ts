import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  type OutlierDetection as EnvoyOutlierDetection,
  OutlierDetectionSchema,
} from '../../proto/gen/envoy/config/cluster/v3/outlier_detection_pb.ts';
import { type OutlierDetection } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** Builds the passive health checking of a cluster; absent unless it is enabled. */
export function buildOutlierDetection(settings: OutlierDetection | undefined): EnvoyOutlierDetection | undefined {
  if (settings?.enabled !== true) {
    return undefined;
  }
  return create(OutlierDetectionSchema, {
    consecutive5xx: settings.consecutive5xx ?? 5,
    interval: settings.interval ?? durationFromMs(10_000),
    baseEjectionTime: settings.baseEjectionTime ?? durationFromMs(30_000),
    maxEjectionPercent: settings.maxEjectionPercent ?? 10,
    // Of a handful of hosts one is more than 10 percent: none would ever be ejected.
    alwaysEjectOneHost: settings.maxEjectionPercent !== 0,
  });
}
