import { createServer } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';

import { EnvoyGatewayExtension } from '../../proto/gen/envoygateway/extension/service_pb.ts';
import { Health } from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { createGrpcHealth } from '../grpc/grpc-health.ts';
import { createGrpcReflection } from '../grpc/grpc-reflection.ts';
import { refuseGrpcStream, serveGrpcStream } from '../grpc/grpc-stream.ts';
import type { GrpcMethod } from '../grpc/grpc-stream.ts';
import { trackConnections } from '../grpc/connections.ts';
import { listenHttp2 } from '../grpc/listen.ts';
import type { ExtensionServer, ExtensionServerOptions } from './extension-options.ts';
import { parseGrpcTimeout } from './grpc-timeout.ts';
import { createHookCaller } from './hook-caller.ts';
import { type HookMethod, hookTable } from './hook-table.ts';
import { serveHook } from './hook-service.ts';
import { createSyncGate } from './sync-gate.ts';
import { isGrpcRequest } from './unary-call.ts';

const mebibyte = 1024 * 1024;
const defaultMaxMessageBytes = 1000 * mebibyte;
const defaultPingIntervalMs = 30_000;

/** What a peer may send ahead on a connection: a large message should not stop and go. */
const windowBytes = 64 * mebibyte;

const serverOptions = {
  settings: { maxConcurrentStreams: 1000, initialWindowSize: windowBytes, enablePush: false },
  // Megabytes of one connection, beyond which new streams are refused: a large answer that waits to be sent must not be it.
  maxSessionMemory: 4096,
};

/** Builds a server that answers all hooks from `state`; it serves from `listen` on. */
export function createExtensionServer(options: ExtensionServerOptions): ExtensionServer {
  const { state, log, syncWaitMs, pingIntervalMs = defaultPingIntervalMs, clock = () => performance.now() } = options;
  const caller = createHookCaller({ ...options, clock });
  const gate = createSyncGate(state, syncWaitMs, clock);
  const health = createGrpcHealth([EnvoyGatewayExtension.typeName]);
  const others = new Map<string, GrpcMethod>([
    ...health.methods,
    ...createGrpcReflection([EnvoyGatewayExtension, Health], options.anyTypes),
  ]);
  const server = createServer(serverOptions);
  const connections = trackConnections(server, { windowBytes, log });
  server.on('stream', openStream);
  let stop: (() => void) | undefined;

  function openStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = headers[':path'] ?? '';
    const hook = isGrpcRequest(headers) ? hookTable.get(path) : undefined;
    const other = headers[':method'] === 'POST' ? others.get(path) : undefined;
    if (hook !== undefined) openHook(stream, headers, hook);
    else if (other !== undefined) serveGrpcStream(stream, other, (err) => log.error({ err, path }, 'call failed'));
    else refuseGrpcStream(stream, headers);
  }

  function openHook(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: HookMethod): void {
    const { deadlineMs, onUnsynced, observer, maxMessageBytes = defaultMaxMessageBytes } = options;
    const timeoutMs = parseGrpcTimeout(headers['grpc-timeout']);
    const limits = { maxMessageBytes, deadlineMs, onUnsynced, timeoutMs };
    serveHook(stream, method, { state, caller, gate, log, observer, clock, ...limits });
  }

  return {
    async listen({ host, port }) {
      const bound = await listenHttp2(server, { host, port });
      const showSync = () => health.setServing(state.synced);
      const unobserve = state.observe(showSync);
      const stopKeepalive = connections.keepAlive(pingIntervalMs);
      stop = () => {
        unobserve();
        stopKeepalive();
      };
      showSync();
      return { port: bound };
    },
    async close({ graceMs }) {
      if (stop === undefined) return;
      stop();
      stop = undefined;
      health.setServing(false);
      gate.close();
      await connections.close(graceMs);
    },
    explain: () => caller.explain(),
  };
}
