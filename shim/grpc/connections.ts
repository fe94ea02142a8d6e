import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

import type { Log } from '../telemetry/log.ts';
import { startKeepalive } from './keepalive.ts';

/** The connections of a server, from their first byte to their last. */
export interface Connections {
  /** Pings every peer each `intervalMs`, and cuts off one that has not answered by the next time, until the answer is called. */
  keepAlive(intervalMs: number): () => void;
  /** Takes no new connections, says goodbye on those there are, and cuts off after `graceMs` those that are still there. */
  close(graceMs: number): Promise<void>;
}

/** Keeps track of a server's connections. Each gets a window of `windowBytes`; `opened` and `closed` are told of it. */
export function trackConnections(
  server: Http2Server,
  options: {
    readonly windowBytes: number;
    readonly log: Pick<Log, 'debug' | 'info' | 'error'>;
    readonly opened?: () => void;
    readonly closed?: () => void;
  },
): Connections {
  const { windowBytes, log, opened, closed } = options;
  const sessions = new Map<Socket, ServerHttp2Session>();
  let newest: ServerHttp2Session | undefined;
  server.on('session', (session) => {
    session.setLocalWindowSize(windowBytes);
    newest = session;
  });
  // The server's own listener, which came first, has just made the session.
  server.on('connection', (socket: Socket) => {
    if (newest !== undefined) sessions.set(socket, newest);
    socket.on('close', onClose);
    opened?.();
  });
  // One listener for all: what is allocated for a connection is allocated for very many.
  function onClose(this: Socket): void {
    sessions.delete(this);
    closed?.();
  }
  server.on('sessionError', (err) => log.debug({ error: String(err) }, 'connection failed'));
  server.on('error', (err) => log.error({ err }, 'listener failed'));

  return {
    keepAlive: (intervalMs) =>
      startKeepalive(
        () => sessions.values(),
        intervalMs,
        (session) => {
          log.info({ peer: session.socket.remoteAddress }, 'connection lost: peer does not answer pings');
          session.destroy();
        },
      ),
    async close(graceMs) {
      const ended = new Promise((resolve) => server.close(resolve));
      for (const session of sessions.values()) session.close();
      const timer = setTimeout(() => {
        // A session that has said goodbye lets go of its socket only when the peer does, and destroying it again does nothing.
        for (const socket of sessions.keys()) socket.destroy();
      }, graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
