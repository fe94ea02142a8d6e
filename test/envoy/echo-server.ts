import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';

/** What an upstream got to see of a request. */
export interface Echo {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly httpVersion: string;
}

/** An upstream on the loopback address that answers with what it got to see. */
export interface EchoServer extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly Echo[];
  /** Names that TLS handshakes asked for. */
  readonly serverNames: ReadonlySet<string>;
}

/** How an upstream speaks, and what else it does. */
export interface EchoOptions {
  readonly name: string;
  readonly protocol?: 'http1' | 'http2' | 'https1' | 'https';
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Status of an answer, by the number of the request; 0: it hangs up. */
  readonly status?: (index: number) => number;
  readonly delayMs?: number;
}

/** Starts an upstream. */
export async function startEchoServer(options: EchoOptions): Promise<EchoServer> {
  const requests: Echo[] = [];
  const serverNames = new Set<string>();
  const sockets = new Set<{ destroy(): void }>();
  const answer = (req: IncomingMessage, res: ServerResponse) => {
    const echo: Echo = {
      name: options.name,
      method: req.method ?? '',
      path: req.url ?? '',
      host: String(req.headers[':authority'] ?? req.headers.host ?? ''),
      httpVersion: req.httpVersion,
    };
    requests.push(echo);
    const status = options.status?.(requests.length) ?? 200;
    setTimeout(() => {
      if (status === 0) {
        req.socket.destroy();
        return;
      }
      res.statusCode = status;
      res.end(JSON.stringify(echo));
    }, options.delayMs ?? 0);
  };
  const server = createServerOf(options, answer, (name) => serverNames.add(name));
  // A gateway keeps connections for its next request: it would lose that one when this side closed first.
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = 0;
  for (const event of ['connection', 'secureConnection']) {
    server.on(event, (socket: { destroy(): void }) => sockets.add(socket));
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    serverNames,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function createServerOf(
  { protocol, certificate }: EchoOptions,
  answer: (req: IncomingMessage, res: ServerResponse) => void,
  onServerName: (name: string) => void,
): Server {
  // HTTP/2's requests and responses have what HTTP/1.1's have, as far as it is used here.
  const compatible = answer as unknown as Parameters<typeof createHttp2Server>[1];
  const tls = {
    ...certificate,
    SNICallback(name: string, done: (error: null) => void) {
      onServerName(name);
      done(null);
    },
  };
  switch (protocol) {
    case 'http2':
      return createHttp2Server(compatible);
    case 'https1':
      return createTlsServer(tls, answer);
    case 'https':
      return createSecureServer({ ...tls, allowHTTP1: true }, compatible as never);
    default:
      return createServer(answer);
  }
}
