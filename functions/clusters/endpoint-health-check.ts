import { create } from '@bufbuild/protobuf';
import {
  type HealthCheck,
  HealthCheck_TcpHealthCheckSchema,
  HealthCheck_TlsOptionsSchema,
  HealthCheckSchema,
} from '../../proto/gen/envoy/config/core/v3/health_check_pb.ts';
import { CodecClientType } from '../../proto/gen/envoy/type/v3/http_pb.ts';
import { type ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { type HealthCheck as HealthCheckSettings } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { isHttp } from '../service-endpoint/service.ts';
import { buildHealthChecks } from '../upstream/health-check.ts';
import { type UpstreamProtocol } from './upstream-protocol.ts';

/** Whether an endpoint asks for health checks. */
export function isChecked(settings: HealthCheckSettings | undefined): settings is HealthCheckSettings {
  return settings !== undefined && !settings.disabled;
}

/**
 * Builds the health checks that an endpoint asks for: none unless it does. A check is a connection of its own, which
 * speaks one HTTP version; TCP is checked by connecting.
 */
export function buildEndpointHealthChecks(endpoint: ServiceEndpoint, protocol: UpstreamProtocol): HealthCheck[] {
  const { healthCheck } = endpoint;
  if (!isChecked(healthCheck)) {
    return [];
  }
  return buildHealthChecks(healthCheck).map((check) => adapt(check, isHttp(endpoint), protocol));
}

function adapt(check: HealthCheck, http: boolean, protocol: UpstreamProtocol): HealthCheck {
  if (!http || check.healthChecker.case !== 'httpHealthCheck') {
    const value = create(HealthCheck_TcpHealthCheckSchema);
    return create(HealthCheckSchema, { ...check, healthChecker: { case: 'tcpHealthCheck', value } });
  }
  return create(HealthCheckSchema, {
    ...check,
    // Where connections negotiate, the checks must not agree on what they don't speak.
    ...(protocol === 'negotiated'
      ? { tlsOptions: create(HealthCheck_TlsOptionsSchema, { alpnProtocols: ['http/1.1'] }) }
      : {}),
    healthChecker: {
      case: 'httpHealthCheck',
      value: {
        ...check.healthChecker.value,
        codecClientType: protocol === 'http2' ? CodecClientType.HTTP2 : CodecClientType.HTTP1,
      },
    },
  });
}
