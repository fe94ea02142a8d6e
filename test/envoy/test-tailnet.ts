import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type DemoServer, startDemoServer } from '../../deploy/demo/demo-server.ts';
import { type EnvoyHost, type EnvoyProcess, startEnvoy } from '../../deploy/demo/envoy-process.ts';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { type Shares, measureShares } from '../../deploy/demo/shares.ts';
import { type ShimProcess, startShim } from '../../deploy/demo/shim-process.ts';
import { buildSidecarBootstrap } from '../../deploy/demo/sidecar-bootstrap.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';

/** A device of a test's tailnet, in the shape of Tailscale's answer. */
export interface TestDevice {
  readonly nodeId: string;
  readonly tags: readonly string[];
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly [field: string]: unknown;
}

/** Servers, a devices file, and what was started beside them; all of it ends with the test. */
export interface TestTailnet extends AsyncDisposable {
  readonly devicesFile: string;
  readonly listenerPort: number;
  /** Where the sidecar's listener answers. */
  readonly entry: URL;
  /** Starts a server that counts as the device `name` once it is written into the file. */
  server(name: string, locality: string): Promise<DemoServer>;
  /** The device of a server. */
  device(server: DemoServer, tag: string, more?: Partial<TestDevice>): TestDevice;
  /** Replaces the devices file in one step. */
  write(devices: readonly TestDevice[]): Promise<void>;
  shim(args?: readonly string[], environment?: Readonly<Record<string, string>>): Promise<ShimProcess>;
  /** Starts Envoy with a bootstrap, or with a sidecar's. */
  envoy(bootstrap: object | ((adminPort: number) => object)): Promise<EnvoyProcess>;
  /** Ends with the test as well. */
  defer(stop: () => Promise<unknown>): void;
}

/** Creates the folder and the ports; nothing runs yet. */
export async function createTestTailnet(): Promise<TestTailnet> {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-test-'));
  const devicesFile = join(folder, 'devices.json');
  const [listenerPort = 0] = await freePorts(1);
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const defer = (stop: () => Promise<unknown>) => void stops.push(stop);
  return {
    devicesFile,
    listenerPort,
    entry: new URL(`http://127.0.0.1:${listenerPort}`),
    defer,
    async server(name, locality) {
      const server = await startDemoServer({ host: name, locality, address: '127.0.0.1', port: 0 });
      defer(() => server.close());
      return server;
    },
    device: ({ host, port }, tag, { attributes, ...more } = {}) => ({
      nodeId: host,
      name: `${host}.test.ts.net`,
      addresses: ['127.0.0.1'],
      authorized: true,
      tags: [tag],
      attributes: { 'custom:lb-port': port, ...attributes },
      ...more,
    }),
    async write(devices) {
      await writeFile(`${devicesFile}.new`, JSON.stringify({ devices }));
      await rename(`${devicesFile}.new`, devicesFile);
    },
    async shim(args = [], environment = {}) {
      const shim = await startShim(
        [
          `--listener-port=${listenerPort}`,
          '--listener-address=127.0.0.1',
          '--health-check-interval=500ms',
          '--health-check-timeout=500ms',
          ...args,
        ],
        environment,
      );
      defer(() => shim.process.stop('SIGKILL'));
      return shim;
    },
    async envoy(bootstrap) {
      const [adminPort = 0] = await freePorts(1);
      const envoy = await startEnvoy({
        binary: inject('envoyBinary'),
        adminPort,
        bootstrap: typeof bootstrap === 'function' ? bootstrap(adminPort) : bootstrap,
      });
      defer(() => envoy.stop());
      return envoy;
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops.splice(0).toReversed()) await stop();
    },
  };
}

/** A sidecar's bootstrap against a shim. */
export function sidecarOf(
  shim: Pick<ShimProcess, 'xdsPort'>,
  variant?: Parameters<typeof buildSidecarBootstrap>[0]['variant'],
) {
  return (adminPort: number) =>
    buildSidecarBootstrap({
      nodeId: 'test',
      xds: { host: '127.0.0.1', port: shim.xdsPort },
      adminPort,
      ...(variant === undefined ? {} : { variant }),
    });
}

/**
 * Waits until Envoy's hosts of the cluster are exactly these. Requests follow up to a second later: Envoy collects changes of
 * health and weight for so long (`common_lb_config.update_merge_window`), and tells its threads after that.
 */
export async function hostsToBe(
  envoy: EnvoyProcess,
  expected: ReadonlyMap<DemoServer, Partial<EnvoyHost>>,
  cluster = 'envoy-cluster',
): Promise<void> {
  await waitFor('the hosts of Envoy', async () => {
    const hosts = await envoy.hosts(cluster);
    const same = [...expected].every(([{ port }, wanted]) => {
      const host = hosts.get(`127.0.0.1:${port}`);
      return (
        host !== undefined && Object.entries(wanted).every(([key, value]) => host[key as keyof EnvoyHost] === value)
      );
    });
    if (!same || hosts.size !== expected.size) throw new Error(`hosts are ${JSON.stringify([...hosts])}`);
    return true;
  });
}

/** Percent of each server's answers by its name, and `failed` in absolute numbers. */
export async function sharesAt(entry: URL, requests: number): Promise<Record<string, number>> {
  await waitFor('Envoy to listen', () => fetch(entry).then(() => true));
  return percentages(await measureShares(entry, requests));
}

/** The answers of the demo's servers as percentages by server. */
function percentages({ answers, failed }: Shares): Record<string, number> {
  const total = [...answers.values()].reduce((sum, n) => sum + n, 0);
  const shares: Record<string, number> = { failed };
  for (const [answer, n] of answers) shares[/^Hello from (.+)! in /.exec(answer)?.[1] ?? answer] = (100 * n) / total;
  return shares;
}
