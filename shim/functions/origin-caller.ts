import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type DescMessage, type DescMethodUnary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { compressionGzip, createNodeHttpClient, Http2SessionManager } from '@connectrpc/connect-node';
import type { CommonTransportOptions, UniversalClientFn } from '@connectrpc/connect/protocol';
import { createTransport as createConnectTransport } from '@connectrpc/connect/protocol-connect';
import { createTransport as createGrpcTransport } from '@connectrpc/connect/protocol-grpc';
import { createTransport as createGrpcWebTransport } from '@connectrpc/connect/protocol-grpc-web';
import { maxRequestBytes } from '../../functions/serving/limits.ts';
import { compareSchemaVersion, schemaVersion, schemaVersionHeader } from '../../functions/serving/schema-version.ts';
import type { Clock } from '../timing/clock.ts';
import { type CallFailure, garbageFailure, type SeenResponse, skewFailure, toCallFailure } from './call-failure.ts';
import type { TlsMaterial } from './tls-files.ts';

/** Calls functions of one origin, once each time. */
export interface OriginCaller {
  readonly origin: string;
  /** Every failure is an answer. */
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<CallOutcome<MessageShape<O>>>;
  close(): void;
}

/** What came of a call. */
export type CallOutcome<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly failure: CallFailure };

/** How an origin is called. */
export interface OriginCallerOptions {
  readonly origin: string;
  readonly protocol: 'connect' | 'grpc' | 'grpc-web';
  readonly compression: 'off' | 'gzip';
  /** The caller's proof: sent with each call, and nowhere else. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: () => TlsMaterial;
  readonly clock: Clock;
  /** Of the contracts that this process has; default: {@link schemaVersion}. */
  readonly ownSchema?: number;
}

/**
 * The longest answer that is read: it says more than its request, but not many times. Two bytes can become a message
 * of some hundreds in memory, so that whoever answers could end this process with less than a request of its size.
 */
function limitAnswer(requestBytes: number): number {
  return 1024 * 1024 + 16 * requestBytes;
}

const transports = {
  connect: createConnectTransport,
  grpc: createGrpcTransport,
  'grpc-web': createGrpcWebTransport,
} as const;

/** gRPC goes over HTTP/2, the others over HTTP/1.1, which every server of functions speaks: workerd has no other. */
export function createOriginCaller(options: OriginCallerOptions): OriginCaller {
  const { origin, protocol, compression, headers, clock, ownSchema = schemaVersion } = options;
  const compressions = compression === 'gzip' ? [compressionGzip] : [];
  let material: TlsMaterial | undefined;
  let connection: Connection | undefined;

  const skewOf = (header: Headers) => compareSchemaVersion(header.get(schemaVersionHeader), ownSchema);

  /** The open connections, or new ones after a change of certificates; calls on the old ones end there. */
  function connect(): Connection {
    const current = options.tls();
    if (connection === undefined || current !== material) {
      connection?.retire();
      material = current;
      connection = protocol === 'grpc' ? createHttp2(origin, current) : createHttp1(origin, current);
    }
    return connection;
  }

  function createTransport(client: UniversalClientFn, readMaxBytes: number): Transport {
    const common: CommonTransportOptions = {
      httpClient: client,
      baseUrl: origin,
      useBinaryFormat: true,
      interceptors: [],
      acceptCompression: compressions,
      sendCompression: compressions[0] ?? null,
      compressMinBytes: 1024,
      readMaxBytes,
      writeMaxBytes: maxRequestBytes,
    };
    return transports[protocol](common);
  }

  return {
    origin,
    async call(method, request, { timeoutMs, signal }) {
      const current = connect();
      let seen: SeenResponse | undefined;
      const readMaxBytes = limitAnswer(toBinary(method.input, request).length);
      const transport = createTransport(async (each) => {
        const response = await current.client(each);
        seen = { ...response, skew: skewOf(response.header) };
        return response;
      }, readMaxBytes);
      try {
        const sent = { ...headers, [schemaVersionHeader]: `${ownSchema}` };
        // A message is an init of itself: nothing is copied.
        const { message, header } = await transport.unary(method, signal, timeoutMs, sent, request as never);
        const skew = skewOf(header);
        if (skew === 'older') return { ok: false, failure: skewFailure(skew) };
        if (skew === 'unknown') return { ok: false, failure: garbageFailure('it names no version of its schema') };
        return { ok: true, answer: message };
      } catch (err) {
        const error = ConnectError.from(err, Code.Internal);
        if (error.code === Code.DeadlineExceeded) current.timedOut();
        return { ok: false, failure: toCallFailure(error, seen, clock.now()) };
      }
    },
    close() {
      connection?.retire();
    },
  };
}

interface Connection {
  readonly client: UniversalClientFn;
  /** A call has had no answer: a connection that is still being made may never be. */
  timedOut(): void;
  /** No further calls: what is idle ends. */
  retire(): void;
}

function createHttp1(origin: string, tls: TlsMaterial): Connection {
  const agent = origin.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, ...tls })
    : new HttpAgent({ keepAlive: true });
  return {
    client: createNodeHttpClient({ httpVersion: '1.1', nodeOptions: { agent } }),
    timedOut: () => undefined,
    retire: () => agent.destroy(),
  };
}

function createHttp2(origin: string, tls: TlsMaterial): Connection {
  const timing = { pingIntervalMs: 20_000, pingTimeoutMs: 5000, idleConnectionTimeoutMs: 5 * 60_000 };
  const manager = new Http2SessionManager(origin, timing, tls);
  return {
    client: createNodeHttpClient({ httpVersion: '2', sessionProvider: () => manager }),
    timedOut() {
      if (manager.state() === 'connecting') manager.abort();
    },
    retire: () => manager.abort(),
  };
}
