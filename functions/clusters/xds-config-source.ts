import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  ApiConfigSource_ApiType,
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from '../../proto/gen/envoy/config/core/v3/config_source_pb.ts';

/**
 * Names the xDS server as the source of a cluster's endpoints: a stream to it, besides the gateway's own. An `envoy_grpc`
 * cluster would have to be in the bootstrap, which is not ours; `google_grpc` needs nothing there.
 *
 * @param target a gRPC target, `dns:///name:port`
 */
export function buildXdsConfigSource(target: string): ConfigSource {
  const googleGrpc = {
    targetUri: target,
    statPrefix: 'tailway_xds',
    channelArgs: { args: channelArguments },
  };
  return create(ConfigSourceSchema, {
    resourceApiVersion: ApiVersion.V3,
    // A gateway that starts while the server is away waits this long for its devices, not the 15 s that Envoy would.
    initialFetchTimeout: durationFromMs(5000),
    configSourceSpecifier: {
      case: 'apiConfigSource',
      value: {
        apiType: ApiConfigSource_ApiType.DELTA_GRPC,
        transportApiVersion: ApiVersion.V3,
        grpcServices: [{ targetSpecifier: { case: 'googleGrpc', value: googleGrpc } }],
        setNodeOnFirstMessageOnly: true,
      },
    },
  });
}

/** Equal for all clusters, so that they share a connection. gRPC alone would wait up to two minutes between attempts. */
const channelArguments = {
  'grpc.initial_reconnect_backoff_ms': whole(500),
  'grpc.max_reconnect_backoff_ms': whole(5000),
  'grpc.keepalive_time_ms': whole(30_000),
  'grpc.keepalive_timeout_ms': whole(5000),
};

function whole(value: number) {
  return { valueSpecifier: { case: 'intValue', value: BigInt(value) } } as const;
}
