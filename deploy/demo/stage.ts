import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoServer, startDemoServer } from './demo-server.ts';
import { type EnvoyProcess, startEnvoy } from './envoy-process.ts';
import { freePorts } from './free-port.ts';
import { type ShimProcess, startShim } from './shim-process.ts';
import { buildSidecarBootstrap } from './sidecar-bootstrap.ts';

/** A server of the demo with the weight that its tag gives its locality. */
export interface Player extends DemoServer {
  readonly tag: string;
}

/** Everything that the demo runs: servers, control plane and Envoy, all on loopback. */
export interface Stage {
  readonly players: readonly Player[];
  readonly shim: ShimProcess;
  readonly envoy: EnvoyProcess;
  /** Where the sidecar Envoy listens. */
  readonly entry: URL;
  readonly devicesFile: string;
  /** Makes these players, and no others, devices of the tailnet. */
  join(players: readonly Player[]): Promise<void>;
  close(): Promise<void>;
}

const cast = [
  { host: 'west-1', locality: 'west', tag: 'tag:weight-1' },
  { host: 'west-2', locality: 'west', tag: 'tag:weight-1' },
  { host: 'east-1', locality: 'east', tag: 'tag:weight-2' },
  { host: 'east-2', locality: 'east', tag: 'tag:weight-2' },
] as const;

/** Starts it all; what had been started is stopped again when something fails. */
export async function createStage(envoyBinary: string): Promise<Stage> {
  const stops: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'tailway-demo-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const players: Player[] = [];
    for (const { tag, ...role } of cast) {
      const server = await startDemoServer({ ...role, address: '127.0.0.1', port: 0 });
      stops.push(() => server.close());
      players.push({ ...server, tag });
    }
    const devicesFile = join(folder, 'devices.json');
    const setPresent = (present: readonly Player[]) => writeDevices(devicesFile, present);
    await setPresent([]);
    const [listenerPort = 0, adminPort = 0] = await freePorts(2);
    const shim = await startShim([
      `--devices=${devicesFile}`,
      `--listener-port=${listenerPort}`,
      '--listener-address=127.0.0.1',
      // Everything happens at once in a demo; the documented default is 5 s.
      '--health-check-interval=500ms',
      '--health-check-timeout=500ms',
      '--hold-empty=0',
    ]);
    stops.push(() => shim.process.stop());
    const envoy = await startEnvoy({
      binary: envoyBinary,
      adminPort,
      bootstrap: buildSidecarBootstrap({ nodeId: 'demo', xds: { host: '127.0.0.1', port: shim.xdsPort }, adminPort }),
    });
    stops.push(() => envoy.stop());
    const entry = new URL(`http://127.0.0.1:${listenerPort}`);
    return { players, shim, envoy, entry, devicesFile, join: setPresent, close };
  } catch (err) {
    await close();
    throw err;
  }
}

/** Writes the devices in the shape of Tailscale's answer; the new file replaces the old one in one step. */
async function writeDevices(file: string, players: readonly Player[]): Promise<void> {
  const devices = players.map(({ host, tag, port }) => ({
    nodeId: host,
    name: `${host}.demo.ts.net`,
    addresses: ['127.0.0.1'],
    authorized: true,
    tags: [tag],
    // All servers share one address here; on a tailnet each has its own, and the default port does.
    attributes: { 'custom:lb-port': port },
  }));
  await writeFile(`${file}.new`, `${JSON.stringify({ devices }, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}
