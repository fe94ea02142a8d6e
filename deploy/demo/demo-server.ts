import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A demo server that can be taken out of service and back. */
export interface DemoServer {
  readonly host: string;
  readonly locality: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts a server that says who it is: `Hello from HOST! in LOCALITY`. `/unhealthy` makes every
 * further answer a 503, so that health checks take it out; `/healthy` brings it back.
 */
export async function startDemoServer(options: {
  readonly host: string;
  readonly locality: string;
  readonly address: string;
  readonly port: number;
}): Promise<DemoServer> {
  const { host, locality } = options;
  let healthy = true;
  const server = createServer((req, res) => {
    req.resume();
    res.setHeader('content-type', 'text/plain; charset=utf-8');
    if (req.url === '/unhealthy' || req.url === '/healthy') {
      healthy = req.url === '/healthy';
      res.end(`[${host}] Set to ${healthy ? 'healthy' : 'unhealthy'}\n`);
      return;
    }
    res.statusCode = healthy ? 200 : 503;
    res.end(healthy ? `Hello from ${host}! in ${locality}\n` : `[${host}] is unhealthy\n`);
  });
  // Whoever keeps a connection for its next request, as Envoy does, would lose that one when this side closed first.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  return {
    host,
    locality,
    // A server that listens on TCP has an AddressInfo.
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
