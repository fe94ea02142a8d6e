import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Code, ConnectError, type ConnectRouter, type Interceptor } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { createBearerCheck } from './bearer-token.ts';
import { maxRequestBytes } from './limits.ts';

/** How functions are served. */
export interface ServeOptions {
  /** Registers the functions. */
  readonly routes: (router: ConnectRouter) => void;
  readonly bindAddress: string;
  /** 0: any free port. */
  readonly port: number;
  /** Valid bearer tokens with commas between them; absent: everybody may call. */
  readonly tokens?: string | undefined;
  /** Is told of calls that failed by a fault of ours. */
  readonly onFailure?: ((method: string, error: ConnectError) => void) | undefined;
}

/** Functions that are being served. */
export interface FunctionServer {
  /** The address that callers use, with the port that was found. */
  readonly url: string;
  /** Takes no more calls, lets running ones end and resolves then. */
  close(): Promise<void>;
}

/** How an HTTP/2 connection without TLS begins: https://www.rfc-editor.org/rfc/rfc9113#section-3.4 */
const http2Preface = Buffer.from('PRI * HTTP/2.0');

/** How long a new connection may stay silent, in milliseconds. */
const silenceMs = 60_000;

/**
 * Serves functions on one port: gRPC, gRPC-Web and Connect, on HTTP/2 without TLS and on HTTP/1.1,
 * and `GET /healthz`, which needs no token.
 *
 * @throws Error when the address can't be bound, or tokens are given that hold none
 */
export async function serveFunctions(options: ServeOptions): Promise<FunctionServer> {
  const handle = createRequestHandler(options);
  const http = createHttpServer(handle);
  const http2 = createHttp2Server(handle);
  const undecided = new Set<Socket>();

  const server = createServer((socket) => {
    undecided.add(socket);
    socket.once('close', () => undecided.delete(socket));
    detectHttp2(socket, (isHttp2) => {
      undecided.delete(socket);
      (isHttp2 ? http2 : http).emit('connection', socket);
    });
  });
  const closers = new Set<() => void>();
  http2.on('session', (session) => {
    const close = () => session.close();
    closers.add(close);
    session.once('close', () => closers.delete(close));
  });
  http.on('request', (_, response) => {
    const close = () => response.setHeader('connection', 'close');
    closers.add(close);
    response.once('close', () => closers.delete(close));
  });

  server.listen(options.port, options.bindAddress);
  await once(server, 'listening');
  return {
    url: formatUrl(server.address() as AddressInfo),
    async close() {
      const closed = once(server, 'close');
      server.close();
      undecided.forEach((socket) => socket.destroy());
      closers.forEach((close) => close());
      http.closeIdleConnections();
      await closed;
    },
  };
}

type Handler = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => void;

function createRequestHandler({ routes, tokens, onFailure }: ServeOptions): Handler {
  const isAllowed = tokens === undefined ? () => true : createBearerCheck(tokens);
  const interceptors = onFailure === undefined ? [] : [createFailureInterceptor(onFailure)];
  const callFunction = connectNodeAdapter({ routes, interceptors, readMaxBytes: maxRequestBytes });
  return (request, response) => {
    if (request.url === '/healthz') {
      end(response, 200, 'ok');
    } else if (isAllowed(request.headers.authorization)) {
      callFunction(request, response);
    } else {
      // Before anything of the request is read. Clients of all three protocols take 401 as UNAUTHENTICATED.
      response.setHeader('www-authenticate', 'Bearer');
      end(response, 401, 'a valid bearer token is needed');
    }
  };
}

function end(response: ServerResponse | Http2ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain');
  response.end(`${text}\n`);
}

function createFailureInterceptor(onFailure: (method: string, error: ConnectError) => void): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (err) {
      const error = ConnectError.from(err, Code.Internal);
      if (error.code === Code.Internal || error.code === Code.Unknown) {
        onFailure(`${request.service.typeName}/${request.method.name}`, error);
      }
      throw error;
    }
  };
}

/** Looks at the first bytes of a connection without taking them. */
function detectHttp2(socket: Socket, decided: (isHttp2: boolean) => void): void {
  socket.on('error', () => socket.destroy());
  socket.setTimeout(silenceMs, () => socket.destroy());
  const look = () => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      return;
    }
    socket.unshift(chunk);
    const length = Math.min(chunk.length, http2Preface.length);
    const matches = chunk.subarray(0, length).equals(http2Preface.subarray(0, length));
    if (matches && length < http2Preface.length) {
      return;
    }
    socket.off('readable', look);
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    decided(matches);
  };
  socket.on('readable', look);
}

function formatUrl({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
