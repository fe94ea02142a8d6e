import { once } from 'node:events';
import { createServer as createHttpServer, IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { type AddressInfo, type Socket } from 'node:net';
import { type CertificateFiles } from '../certificates/node.ts';

/** A request of HTTP/1.1 or HTTP/2, in the one shape of Node's compatibility layer. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;

/** The response to an {@link HttpRequest}. */
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Where and how to listen. */
export interface ListenOptions {
  readonly handle: (request: HttpRequest, response: HttpResponse) => void;
  readonly bindAddress: string;
  /** 0: any free port. */
  readonly port: number;
  /** TLS; absent: none. The files are read again when they change. */
  readonly certificates?: CertificateFiles | undefined;
  /** How long running calls have to end once the server closes, in milliseconds; default: 5 s. */
  readonly drainMs?: number | undefined;
  /** How long a connection of HTTP/2 may be without a call, in milliseconds; default: 5 minutes. */
  readonly idleMs?: number | undefined;
}

/** A server that listens. */
export interface HttpListener {
  /** The address that callers use, with the port that was found. */
  readonly url: string;
  /** Takes no more calls, lets running ones end, cuts off callers that never finish, and resolves then. */
  close(): Promise<void>;
}

/** How an HTTP/2 connection without TLS begins: https://www.rfc-editor.org/rfc/rfc9113#section-3.4 */
const http2Preface = Buffer.from('PRI * HTTP/2.0');

/** How long a new connection may stay silent, in milliseconds. */
const silenceMs = 60_000;

/** Calls at once on a connection of HTTP/2; Node's default is any number. A gateway brings the calls of all its callers. */
const settings = { maxConcurrentStreams: 1000 };

/** How long a caller has to read the answer to a request that it is still sending, in milliseconds. */
const lingerMs = 500;

/**
 * Listens on one port for HTTP/2 and HTTP/1.1, with TLS (by ALPN) or without.
 *
 * @throws Error when the address can't be bound, or a certificate is not usable
 */
export async function listenHttp(options: ListenOptions): Promise<HttpListener> {
  const { certificates, handle } = options;
  const open = certificates === undefined ? openPlain(handle) : openSecure(handle, certificates);
  const { server, undecided } = open;

  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const sessions = new Set<ServerHttp2Session>();
  open.http2.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    endIdleSession(session, options.idleMs ?? 5 * 60_000);
  });
  const responses = new Set<HttpResponse>();
  server.on('request', (request: HttpRequest, response: HttpResponse) => {
    responses.add(response);
    response.once('close', () => responses.delete(response));
    if (request instanceof IncomingMessage) {
      endUnreadRequest(request, response);
    }
  });

  server.listen(options.port, options.bindAddress);
  await once(server, 'listening');
  const stopWatching = certificates?.watch((context) => (server as Http2SecureServer).setSecureContext(context));
  return {
    url: formatUrl(server.address() as AddressInfo, certificates === undefined ? 'http' : 'https'),
    async close() {
      stopWatching?.();
      const closed = once(server, 'close');
      server.close();
      undecided.forEach((socket) => socket.destroy());
      sessions.forEach((session) => session.close());
      responses.forEach(endConnectionAfter);
      const cut = setTimeout(() => sockets.forEach((socket) => socket.destroy()), options.drainMs ?? 5000);
      await closed;
      clearTimeout(cut);
    },
  };
}

interface Opened {
  readonly server: Server | Http2SecureServer;
  /** Who tells of HTTP/2 sessions. */
  readonly http2: { on(event: 'session', listener: (session: ServerHttp2Session) => void): unknown };
  /** Connections that have said nothing yet. */
  readonly undecided: ReadonlySet<Socket>;
}

function openSecure(handle: ListenOptions['handle'], certificates: CertificateFiles): Opened {
  const server = createSecureServer({ ...certificates.read(), allowHTTP1: true, settings }, handle);
  return { server, http2: server, undecided: new Set() };
}

/** The HTTP/1.1 server listens; its own way to take a connection comes behind a look at the first bytes. */
function openPlain(handle: ListenOptions['handle']): Opened {
  const http2 = createHttp2Server({ settings }, handle);
  const server = createHttpServer(handle);
  const undecided = new Set<Socket>();
  const takeConnection = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    undecided.add(socket);
    socket.once('close', () => undecided.delete(socket));
    detectHttp2(socket, (isHttp2) => {
      undecided.delete(socket);
      if (isHttp2) {
        http2.emit('connection', socket);
      } else {
        takeConnection.forEach((listener) => Reflect.apply(listener, server, [socket]));
      }
    });
  });
  return { server, http2, undecided };
}

/** Ends a connection of HTTP/1.1 whose request is answered before its end, and would keep it busy for ever. */
function endUnreadRequest(request: IncomingMessage, response: HttpResponse): void {
  const { socket } = request;
  response.once('finish', () => {
    // Not at once: a reset could overtake the answer. And only if the rest has not come: the next call may be on its way.
    if (!request.complete) {
      setTimeout(() => request.complete || socket.destroy(), lingerMs);
    }
  });
}

/** Ends a connection of HTTP/2 on which there is no call for a while, whatever else its caller sends. */
function endIdleSession(session: ServerHttp2Session, idleMs: number): void {
  let calls = 0;
  const end = () => {
    session.goaway();
    session.destroy();
  };
  const wait = () => setTimeout(end, idleMs).unref();
  let timer = wait();
  session.on('stream', (stream) => {
    calls++;
    clearTimeout(timer);
    stream.once('close', () => {
      calls--;
      if (calls === 0 && !session.destroyed) timer = wait();
    });
  });
  session.once('close', () => clearTimeout(timer));
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

/** Tells a caller of HTTP/1.1 not to use its connection again; HTTP/2 has been told by the session. */
function endConnectionAfter(response: HttpResponse): void {
  if (!('stream' in response) && !response.headersSent) {
    response.setHeader('connection', 'close');
  }
}

function formatUrl({ address, family, port }: AddressInfo, scheme: 'http' | 'https'): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
