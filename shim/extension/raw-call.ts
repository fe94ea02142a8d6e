import { once } from 'node:events';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';

import { EnvoyGatewayExtension } from '../../proto/gen/envoygateway/extension/service_pb.ts';

/** What came back of a call. */
export interface RawAnswer {
  readonly httpStatus: number;
  /** `grpc-status`, from the trailers or, without a body, from the headers. */
  readonly status: number | undefined;
  readonly message: string;
  /** The message without its frame. */
  readonly body: Buffer;
}

/** A message as a frame. */
export function frame(message: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** A client for tests that sends what no gRPC client would. */
export interface RawClient {
  /** Sends `bytes` as the body of a call, whatever they are. */
  call(method: string, bytes: Uint8Array, headers?: OutgoingHttpHeaders): Promise<RawAnswer>;
  readonly session: ClientHttp2Session;
  close(): void;
}

/** Connects to a port of this machine. */
export function createRawClient(port: number): RawClient {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 16 * 1024 * 1024 } });
  return {
    session,
    close: () => session.destroy(),
    async call(method, bytes, headers = {}) {
      const path = method.startsWith('/') ? method : `/${EnvoyGatewayExtension.typeName}/${method}`;
      const grpc = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
      const stream = session.request({ ...grpc, ...headers });
      stream.on('error', () => {});
      let response: IncomingHttpHeaders = {};
      let trailers: IncomingHttpHeaders = {};
      const chunks: Buffer[] = [];
      stream.on('response', (received) => {
        response = received;
      });
      stream.on('trailers', (received) => {
        trailers = received;
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.end(bytes);
      await once(stream, 'close');
      const status = trailers['grpc-status'] ?? response['grpc-status'];
      return {
        httpStatus: Number(response[':status']),
        status: status === undefined ? undefined : Number(status),
        message: decodeURIComponent(String(trailers['grpc-message'] ?? response['grpc-message'] ?? '')),
        body: Buffer.concat(chunks).subarray(5),
      };
    },
  };
}
