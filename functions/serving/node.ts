import { once } from 'node:events';
import { createServer as createHttpServer, IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { type AddressInfo, type Socket } from 'node:net';
import { Code, ConnectError, type ConnectRouter, type Interceptor } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { createBearerCheck } from './bearer-token.ts';
import { maxRequestBytes } from './limits.ts';
import { checkCallerVersion, schemaVersion, schemaVersionHeader } from './schema-version.ts';

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
  /** How long running calls have to end once the server closes, in milliseconds; default: 5 s. */
  readonly drainMs?: number | undefined;
}

/** Functions that are being served. */
export interface FunctionServer {
  /** The address that callers use, with the port that was found. */
  readonly url: string;
  /** Takes no more calls, lets running ones end, cuts off callers that never finish, and resolves then. */
  close(): Promise<void>;
}

/** How an HTTP/2 connection without TLS begins: https://www.rfc-editor.org/rfc/rfc9113#section-3.4 */
const http2Preface = Buffer.from('PRI * HTTP/2.0');

/** How long a new connection may stay silent, in milliseconds. */
const silenceMs = 60_000;

/** How long a caller has to read the answer to a request that it is still sending, in milliseconds. */
const lingerMs = 500;

/**
 * Serves functions on one port: gRPC, gRPC-Web and Connect, on HTTP/2 without TLS and on HTTP/1.1,
 * and `GET /healthz`, which needs no token.
 *
 * @throws Error when the address can't be bound, or tokens are given that hold none
 */
export async function serveFunctions(options: ServeOptions): Promise<FunctionServer> {
  const handle = createRequestHandler(options);
  const http2 = createHttp2Server(handle);
  const http = createHttpServer(handle);

  // The HTTP/1.1 server listens; its own way to take a connection comes behind a look at the first bytes.
  const undecided = new Set<Socket>();
  const sockets = new Set<Socket>();
  const takeConnection = http.listeners('connection');
  http.removeAllListeners('connection');
  http.on('connection', (socket: Socket) => {
    sockets.add(socket);
    undecided.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
    detectHttp2(socket, (isHttp2) => {
      undecided.delete(socket);
      if (isHttp2) {
        http2.emit('connection', socket);
      } else {
        takeConnection.forEach((listener) => Reflect.apply(listener, http, [socket]));
      }
    });
  });

  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const responses = new Set<ServerResponse>();
  http.on('request', (_, response) => {
    responses.add(response);
    response.once('close', () => responses.delete(response));
  });

  http.listen(options.port, options.bindAddress);
  await once(http, 'listening');
  return {
    url: formatUrl(http.address() as AddressInfo),
    async close() {
      const closed = once(http, 'close');
      http.close();
      undecided.forEach((socket) => socket.destroy());
      sessions.forEach((session) => session.close());
      responses.forEach((response) => response.headersSent || response.setHeader('connection', 'close'));
      const cut = setTimeout(() => sockets.forEach((socket) => socket.destroy()), options.drainMs ?? 5000);
      await closed;
      clearTimeout(cut);
    },
  };
}

type Handler = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => void;

function createRequestHandler({ routes, tokens, onFailure }: ServeOptions): Handler {
  const isAllowed = tokens === undefined ? () => true : createBearerCheck(tokens);
  const interceptors = onFailure === undefined ? [] : [createFailureInterceptor(onFailure)];
  const callFunction = connectNodeAdapter({
    routes,
    interceptors,
    readMaxBytes: maxRequestBytes,
    requestGate: ({ requestHeader }) => checkCallerVersion(requestHeader.get(schemaVersionHeader)),
  });
  return (request, response) => {
    if (request instanceof IncomingMessage) {
      endUnreadRequest(request, response);
    }
    if (request.url === '/healthz') {
      end(response, 200, 'ok');
    } else if (isAllowed(request.headers.authorization)) {
      response.setHeader(schemaVersionHeader, String(schemaVersion));
      callFunction(request, response);
    } else {
      // Before anything of the request is read. Clients of all three protocols take 401 as UNAUTHENTICATED.
      response.setHeader('www-authenticate', 'Bearer');
      end(response, 401, 'a valid bearer token is needed');
    }
  };
}

/** Ends a connection of HTTP/1.1 whose request is answered before its end, and would keep it busy for ever. */
function endUnreadRequest(request: IncomingMessage, response: ServerResponse | Http2ServerResponse): void {
  const { socket } = request;
  response.once('finish', () => {
    if (!request.complete) {
      // Not at once: a reset could overtake the answer.
      setTimeout(() => socket.destroy(), lingerMs);
    }
  });
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

/** Looks at the first bytes of a connection and puts them back. */
function detectHttp2(socket: Socket, decided: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const look = () => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      return;
    }
    seen = Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, http2Preface.length);
    const matches = seen.subarray(0, length).equals(http2Preface.subarray(0, length));
    if (matches && length < http2Preface.length) {
      return;
    }
    socket.off('readable', look);
    socket.setTimeout(0);
    socket.off('timeout', giveUp);
    socket.unshift(seen);
    decided(matches);
  };
  const giveUp = () => socket.destroy();
  socket.on('error', giveUp);
  socket.setTimeout(silenceMs);
  socket.on('timeout', giveUp);
  socket.on('readable', look);
}

function formatUrl({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
