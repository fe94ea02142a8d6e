import type { Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** How many connections may wait to be accepted: after a restart all peers come at once, and who is turned away waits a second. */
const backlog = 8192;

/** Listens, and gives the port, also where the system chose it. Rejects when the address can't be had. */
export function listenHttp2(
  server: Http2Server,
  address: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, backlog }, () => {
      server.off('error', reject);
      // A server that listens on TCP has an AddressInfo.
      resolve((server.address() as AddressInfo).port);
    });
  });
}
