import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A plain answer of an HTTP endpoint. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What answers at which path, given the query. */
export type HttpPages = Readonly<Record<string, (query: URLSearchParams) => HttpAnswer | Promise<HttpAnswer>>>;

/** A small HTTP server for probes and scrapers. */
export interface HttpEndpoints {
  /** The port, also where the system chose it. */
  readonly port: number;
  /** Stops listening; answers that are on their way get a moment, what is left then is cut off. */
  close(): Promise<void>;
}

/** How long an answer may take once the server closes: a client that sends half a request must not keep the process. */
const graceMs = 500;

/** Serves GET and HEAD of the given paths; everything else is 404 or 405. Rejects when the address is taken. */
export async function listenHttpEndpoints(
  address: { readonly host: string; readonly port: number },
  pages: HttpPages,
): Promise<HttpEndpoints> {
  const server = createServer((req, res) => {
    const [path = '', query] = (req.url ?? '').split('?', 2);
    const page = pages[path];
    const isRead = req.method === 'GET' || req.method === 'HEAD';
    Promise.resolve(isRead ? page : () => notAllowed)
      .then((page) => page?.(new URLSearchParams(query)) ?? notFound)
      .catch((err: unknown) => text(500, err instanceof Error ? err.message : 'internal error'))
      .then(({ status, contentType, body }) => res.writeHead(status, { 'content-type': contentType }).end(body))
      .catch(() => res.destroy());
  });
  await listen(server, address);
  return {
    // A server that listens on TCP has an AddressInfo.
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** A text answer. */
export function text(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` };
}

/** A JSON answer that people can read too. */
export function json(value: unknown): HttpAnswer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` };
}

const notFound = text(404, 'not found');
const notAllowed = text(405, 'method not allowed');

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
