import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  type HealthCheck as EnvoyHealthCheck,
  HealthCheckSchema,
} from '../../proto/gen/envoy/config/core/v3/health_check_pb.ts';
import { type HealthCheck } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/**
 * Builds the active health checks of a cluster: of `/` every 5 s with a timeout of 1 s, unhealthy
 * after 2 and healthy after 1, where the settings say nothing else. None when they are disabled.
 */
export function buildHealthChecks(settings: HealthCheck | undefined): EnvoyHealthCheck[] {
  if (settings?.disabled === true) {
    return [];
  }
  const interval = settings?.interval ?? durationFromMs(5000);
  const healthCheck = create(HealthCheckSchema, {
    interval,
    // Envoy would look only every 60 s until the cluster has its first request.
    noTrafficInterval: interval,
    timeout: settings?.timeout ?? durationFromMs(1000),
    unhealthyThreshold: settings?.unhealthyThreshold ?? 2,
    healthyThreshold: settings?.healthyThreshold ?? 1,
    healthChecker: {
      case: 'httpHealthCheck',
      value: { path: settings?.path || '/', host: settings?.host ?? '' },
    },
  });
  return [healthCheck];
}
