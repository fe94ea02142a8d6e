import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { RunningProcess } from '../../deploy/demo/child-process.ts';
import { envoyVersion } from '../../deploy/demo/envoy-binary.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { startBoundProcess } from './bound-process.ts';
import type { Manifest } from './kubectl.ts';

const run = promisify(execFile);

/** A real Envoy Gateway that reads from an API server and runs the Envoys of its Gateways as processes. */
export interface EnvoyGateway {
  readonly process: RunningProcess;
  /** Path of a certificate and of its key, of an authority of its own, for a listener with TLS. */
  readonly certificate: { readonly certificate: string; readonly key: string };
  /** What it has logged that contains `text`. */
  logged(text: string): readonly string[];
  /** Its metrics as Prometheus reads them. */
  metrics(): Promise<string>;
  /** What each of its Envoys answers on its admin interface. */
  admin(path: string): Promise<readonly string[]>;
  /** Ends it with its Envoys, and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** What an Envoy Gateway is started with. */
export interface EnvoyGatewayOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly peers: { readonly envoyGateway: string; readonly envoy: string };
  /** Merged into its configuration: `extensionManager` or `extensionManagers`. */
  readonly config: object;
}

/** It has no setting for these. */
const ports = { xDS: 18_000, wasm: 18_002, admin: 19_000, metrics: 19_001, health: 8081 };

/** The class of Gateways that it serves, and how their Envoys are run. */
export const gatewayClass: readonly Manifest[] = [
  {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyProxy',
    metadata: { name: 'host', namespace: 'envoy-gateway-system' },
    spec: {
      provider: { type: 'Host', host: { envoyVersion } },
      // Several Gateways: several Envoys on one machine.
      extraArgs: ['--use-dynamic-base-id'],
    },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'eg' },
    spec: {
      controllerName: 'gateway.envoyproxy.io/gatewayclass-controller',
      parametersRef: {
        group: 'gateway.envoyproxy.io',
        kind: 'EnvoyProxy',
        namespace: 'envoy-gateway-system',
        name: 'host',
      },
    },
  },
];

/**
 * With resources from an API server, Envoy Gateway reads the certificates of its xDS server from `/certs`. So that nothing
 * is written there, it sees the root folder through a mount namespace of its own, with that one folder more; in a process
 * namespace of its own, too, so that no Envoy outlives it.
 */
const sandbox = `
set -e
root=$1 certs=$2; shift 2
mount -t tmpfs tmpfs "$root"
for each in /*; do
  [ "$each" = /certs ] && continue
  if [ -L "$each" ]; then cp -P "$each" "$root$each"; continue; fi
  [ -d "$each" ] || continue
  mkdir "$root$each"
  [ "$each" = /proc ] || mount --rbind "$each" "$root$each"
done
mount -t proc proc "$root/proc"
cp -r "$certs" "$root/certs"
exec chroot "$root" "$@"
`;

/** Starts it and waits until it is ready; rejects, and says what to do, where one of its ports is taken. */
export async function startEnvoyGateway(options: EnvoyGatewayOptions): Promise<EnvoyGateway> {
  const { folder, kubeconfig, peers, config } = options;
  const paths = await prepare(folder, peers);
  const configFile = join(folder, 'envoy-gateway.yaml');
  await writeFile(configFile, stringify({ ...baseConfig(paths), ...config }));
  const userNamespace = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const start = async () => {
    for (const [name, port] of Object.entries(ports)) await checkFree(name, port);
    const namespaces = [...userNamespace, '--mount', '--pid', '--fork', '--kill-child'];
    const server = [peers.envoyGateway, 'server', '--config-path', configFile];
    const started = await startBoundProcess(
      'unshare',
      [...namespaces, 'sh', '-c', sandbox, 'sandbox', paths.root, paths.certs, ...server],
      { KUBECONFIG: kubeconfig, TMPDIR: paths.tmp },
    );
    await waitFor('Envoy Gateway', async () => {
      if (started.exitCode() !== undefined) throw new Error(`it ended: ${started.lines.slice(-5).join('\n')}`);
      const answer = await fetch(`http://127.0.0.1:${ports.health}/readyz`, { signal: AbortSignal.timeout(1000) });
      return answer.ok || undefined;
    });
    return started;
  };
  let current = await start();
  const stop = async () => {
    // Takes all of its process namespace with it.
    await current.stop('SIGKILL');
    await waitFor('the ports of Envoy Gateway', async () => {
      for (const [name, port] of Object.entries(ports)) await checkFree(name, port);
      return true;
    });
  };
  return {
    get process() {
      return current;
    },
    certificate: {
      certificate: join(folder, 'config', 'certs', 'envoy', 'tls.crt'),
      key: join(folder, 'config', 'certs', 'envoy', 'tls.key'),
    },
    logged: (text) => current.lines.filter((line) => line.includes(text)),
    async metrics() {
      return (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text();
    },
    async admin(path) {
      const answers: string[] = [];
      for (const address of await adminAddresses(paths.run)) {
        const answer = await fetch(`http://${address}${path}`).catch(() => undefined);
        // Those of Envoys that have ended are still there.
        if (answer?.ok) answers.push(await answer.text());
      }
      return answers;
    },
    async restart() {
      await stop();
      current = await start();
    },
    stop,
  };
}

interface Paths {
  readonly folder: string;
  readonly root: string;
  readonly certs: string;
  readonly run: string;
  readonly tmp: string;
}

async function prepare(folder: string, peers: EnvoyGatewayOptions['peers']): Promise<Paths> {
  const bin = join(folder, 'data', 'envoy-versions', envoyVersion, 'bin');
  const paths = {
    folder,
    root: join(folder, 'root'),
    certs: join(folder, 'certs'),
    run: join(folder, 'run'),
    tmp: join(folder, 'tmp'),
  };
  for (const each of [bin, paths.root, paths.run, paths.tmp, join(folder, 'state')])
    await mkdir(each, { recursive: true });
  // Found there, it is not fetched.
  await symlink(peers.envoy, join(bin, 'envoy'));
  await run(peers.envoyGateway, ['certgen', '--local', '--config-home', join(folder, 'config')]);
  await cp(join(folder, 'config', 'certs', 'envoy-gateway'), paths.certs, { recursive: true });
  return paths;
}

function baseConfig({ folder, run }: Paths): object {
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyGateway',
    gateway: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
    provider: {
      type: 'Custom',
      custom: {
        resource: {
          type: 'Kubernetes',
          kubernetes: { leaderElection: { disable: true }, client: { rateLimit: { qps: 50, burst: 100 } } },
        },
        infrastructure: {
          type: 'Host',
          host: {
            configHome: join(folder, 'config'),
            dataHome: join(folder, 'data'),
            stateHome: join(folder, 'state'),
            runtimeDir: run,
          },
        },
      },
    },
    logging: { level: { default: 'info' } },
    extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: true },
  };
}

async function checkFree(name: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) =>
      reject(
        new Error(
          `port ${port} is taken, which Envoy Gateway needs for ${name} and cannot be told to leave; end what listens there, or run ` +
            "the tests in a network of their own: unshare --map-root-user --net sh -c 'ip link set lo up && npm run test:cluster'",
          { cause },
        ),
      ),
    );
    server.listen(port, '0.0.0.0', () => server.close(() => resolve()));
  });
}

async function adminAddresses(runFolder: string): Promise<string[]> {
  const files = (await readdir(runFolder, { recursive: true })).filter((file) => file.endsWith('admin-address.txt'));
  // A file may be there before its content.
  const addresses = await Promise.all(
    files.map(async (file) => (await readFile(join(runFolder, file), 'utf8')).trim()),
  );
  return addresses.filter((address) => address !== '');
}
