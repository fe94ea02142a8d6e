import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { type ShimProcess, startShim } from '../../deploy/demo/shim-process.ts';
import { type EchoServer, startEchoServer } from '../envoy/echo-server.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from './api-server.ts';
import { type EnvoyGateway, startEnvoyGateway } from './envoy-gateway.ts';
import { type Kubectl, createKubectl } from './kubectl.ts';
import { extensionManagerOf } from './manifests.ts';
import { type Stops, createStops } from './stops.ts';

/** An API server with all CRDs, and what is started beside it; all of it ends with the test. */
export interface TestCluster extends AsyncDisposable {
  readonly apiServer: ApiServer;
  readonly kubectl: Kubectl;
  /** Ports of the shim, of every one that is started. */
  readonly grpcPort: number;
  readonly xdsPort: number;
  /** Port of the listener of {@link gatewayOf}. */
  readonly gatewayPort: number;
  readonly devicesFile: string;
  /** Starts Envoy Gateway, with this process's extension server and all rights, unless the arguments say otherwise. */
  envoyGateway(config?: object, kubeconfig?: string): Promise<EnvoyGateway>;
  /** With all rights, unless another kubeconfig says otherwise. */
  shim(args?: readonly string[], kubeconfig?: string): Promise<ShimProcess>;
  upstream(name: string): Promise<EchoServer>;
  defer(stop: () => Promise<unknown> | void): void;
}

/** Starts the API server; nothing else runs yet. */
export async function startTestCluster(options: ApiServerOptions = {}): Promise<TestCluster> {
  const stops = createStops();
  const peers = inject('peers');
  const folder = await stops.folder();
  await cp(inject('etcdTemplate'), join(folder, 'etcd'), { recursive: true });
  const apiServer = await startApiServer(folder, peers, options);
  stops.defer(() => apiServer.stop());
  const [grpcPort = 0, xdsPort = 0, gatewayPort = 0] = await freePorts(3);
  const devicesFile = join(folder, 'devices.json');
  await writeFile(devicesFile, '{"devices": []}');
  return {
    apiServer,
    kubectl: createKubectl(apiServer.client),
    grpcPort,
    xdsPort,
    gatewayPort,
    devicesFile,
    defer: stops.defer,
    async envoyGateway(config = { extensionManager: extensionManagerOf(grpcPort) }, kubeconfig = apiServer.kubeconfig) {
      const envoyGateway = await startEnvoyGateway({ folder: await stops.folder(), kubeconfig, peers, config });
      stops.defer(() => envoyGateway.stop());
      keepLog(stops, 'envoy-gateway', () => envoyGateway.process.lines);
      return envoyGateway;
    },
    async shim(args = [], kubeconfig = apiServer.kubeconfig) {
      const shim = await startShim([
        `--kubeconfig=${kubeconfig}`,
        `--grpc-port=${grpcPort}`,
        `--xds-port=${xdsPort}`,
        `--xds-target=dns:///127.0.0.1:${xdsPort}`,
        // All upstreams of the tests are there.
        '--allow-targets=127.0.0.0/8',
        ...args,
      ]);
      stops.defer(() => shim.process.stop('SIGKILL'));
      keepLog(stops, 'shim', () => shim.process.lines);
      return shim;
    },
    async upstream(name) {
      const upstream = await startEchoServer({ name });
      stops.defer(async () => upstream[Symbol.asyncDispose]());
      return upstream;
    },
    async [Symbol.asyncDispose]() {
      await stops[Symbol.asyncDispose]();
    },
  };
}

/** Where `CLUSTER_TEST_LOGS` names a folder, what a process has written goes there when the test is over. */
function keepLog(stops: Stops, name: string, lines: () => readonly string[]): void {
  const folder = process.env['CLUSTER_TEST_LOGS'];
  if (folder === undefined) return;
  stops.defer(async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${name}-${Date.now()}.log`), lines().join('\n'));
  });
}
