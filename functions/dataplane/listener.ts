import { create } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import { AccessLogSchema, type AccessLog } from '../../proto/gen/envoy/config/accesslog/v3/accesslog_pb.ts';
import { type Listener, ListenerSchema } from '../../proto/gen/envoy/config/listener/v3/listener_pb.ts';
import { StdoutAccessLogSchema } from '../../proto/gen/envoy/extensions/access_loggers/stream/v3/stream_pb.ts';
import { RouterSchema } from '../../proto/gen/envoy/extensions/filters/http/router/v3/router_pb.ts';
import { HttpConnectionManagerSchema } from '../../proto/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { buildAdsConfigSource } from './ads-config-source.ts';
import { type Settings } from './settings.ts';

/** Builds the listener that an Envoy binds. */
export function buildListener(settings: Settings): Listener {
  const httpConnectionManager = {
    name: 'envoy.filters.network.http_connection_manager',
    configType: {
      case: 'typedConfig',
      value: buildHttpConnectionManager(settings.routeName, settings.accessLog ? [buildStdoutAccessLog()] : []),
    },
  } as const;
  const socketAddress = {
    address: settings.listenerAddress,
    portSpecifier: { case: 'portValue', value: settings.listenerPort },
  } as const;
  return create(ListenerSchema, {
    name: settings.listenerName,
    address: { address: { case: 'socketAddress', value: socketAddress } },
    filterChains: [{ filters: [httpConnectionManager] }],
  });
}

/**
 * Builds the listener for gRPC clients without a proxy. They ask for it by the name that they
 * resolve, `xds:///<cluster name>`, and bind nothing.
 *
 * https://github.com/grpc/proposal/blob/master/A27-xds-global-load-balancing.md#listener-proto
 */
export function buildApiListener(settings: Settings): Listener {
  return create(ListenerSchema, {
    name: settings.clusterName,
    apiListener: { apiListener: buildHttpConnectionManager(settings.routeName, []) },
  });
}

function buildHttpConnectionManager(routeName: string, accessLog: AccessLog[]): Any {
  const router = {
    name: 'envoy.filters.http.router',
    configType: { case: 'typedConfig', value: anyPack(RouterSchema, create(RouterSchema)) },
  } as const;
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: 'http',
    routeSpecifier: { case: 'rds', value: { routeConfigName: routeName, configSource: buildAdsConfigSource() } },
    httpFilters: [router],
    accessLog,
  });
  return anyPack(HttpConnectionManagerSchema, manager);
}

function buildStdoutAccessLog(): AccessLog {
  return create(AccessLogSchema, {
    name: 'envoy.access_loggers.stdout',
    configType: {
      case: 'typedConfig',
      value: anyPack(StdoutAccessLogSchema, create(StdoutAccessLogSchema)),
    },
  });
}
