import { connect } from 'node:http2';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';

import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import { createDeltaStream, type DeltaStream } from './delta-stream.ts';
import { openGrpcStream } from './grpc-stream.ts';
import { types, type TypeUrl } from './resources.ts';
import { methodPath, type Service } from './services.ts';
import { createSotwStream, type SotwStream } from './sotw-stream.ts';

/** What a stream is opened for: the aggregated service by default, else the service of `typeUrl`. */
export interface StreamOptions {
  readonly service?: Service;
  readonly typeUrl?: TypeUrl;
  readonly nodeId?: string;
}

/** One HTTP/2 connection to an xDS server. */
export interface XdsClient {
  sotw(options?: StreamOptions): SotwStream;
  delta(options?: StreamOptions): DeltaStream;
  /** One request, one response. */
  call<Req extends DescMessage, Res extends DescMessage>(
    path: string,
    request: Req,
    response: Res,
    message: MessageInitShape<Req>,
  ): Promise<MessageShape<Res>>;
  close(): void;
}

/** Connects to `host:port`, without TLS. */
export function connectXds(address: string): XdsClient {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: 1 << 20 } });
  // A server that restarts breaks connections off; the streams tell it.
  session.on('error', () => {});
  const path = (variant: 'Stream' | 'Delta', { service = 'aggregated', typeUrl = types.cluster }: StreamOptions) =>
    methodPath(variant, service, typeUrl);
  return {
    sotw(options = {}) {
      const grpc = openGrpcStream(session, path('Stream', options), DiscoveryRequestSchema, DiscoveryResponseSchema);
      return createSotwStream(grpc, options.nodeId ?? 'conformance');
    },
    delta(options = {}) {
      const grpc = openGrpcStream(
        session,
        path('Delta', options),
        DeltaDiscoveryRequestSchema,
        DeltaDiscoveryResponseSchema,
      );
      return createDeltaStream(grpc, options.nodeId ?? 'conformance');
    },
    call(path, request, response, message) {
      const grpc = openGrpcStream(session, path, request, response);
      grpc.send(message);
      grpc.close();
      return grpc.next();
    },
    close: () => session.destroy(),
  };
}
