import { createFakeLog } from '../telemetry/fake-log.ts';
import type { ExtensionServer, ExtensionServerOptions } from './extension-options.ts';
import { createExtensionServer } from './extension-server.ts';
import {
  buildEndpoint,
  clusterSettings,
  createFakeState,
  type FakeState,
  hookFunctions,
  noParsers,
} from './fake-inputs.ts';
import type { HookCall } from './observer.ts';
import { createRawClient, type RawClient } from './raw-call.ts';

/** A server for tests, and what it told. */
export interface RunningServer {
  readonly server: ExtensionServer;
  readonly state: FakeState;
  readonly client: RawClient;
  readonly port: number;
  readonly calls: HookCall[];
  readonly log: ReturnType<typeof createFakeLog>;
}

const running: RunningServer[] = [];

/** Starts a server of one endpoint, `web`; it runs until {@link stopServers}. */
export async function startServer(
  options: Partial<ExtensionServerOptions> = {},
  synced = true,
): Promise<RunningServer> {
  const state = createFakeState([buildEndpoint('web')], synced);
  const calls: HookCall[] = [];
  const log = createFakeLog();
  const server = createExtensionServer({
    state,
    functions: hookFunctions,
    parsers: noParsers,
    log,
    observer: { called: (call) => calls.push(call) },
    clusterSettings,
    deadlineMs: 60_000,
    syncWaitMs: 60_000,
    onUnsynced: 'fail',
    ...options,
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const one = { server, state, client: createRawClient(port), port, calls, log };
  running.push(one);
  return one;
}

/** Stops all servers that were started. */
export async function stopServers(): Promise<void> {
  for (const { client, server } of running.splice(0)) {
    client.close();
    await server.close({ graceMs: 0 });
  }
}
