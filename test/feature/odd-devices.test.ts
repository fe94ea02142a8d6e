import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ShimProcess, startShim } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createFakeTailscale, type FakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { oddEntries, wrongBody } from '../fake-tailscale/faults.ts';
import { tailscaleDevice } from '../fake-tailscale/tailnet.ts';
import { createEdsClient, type EdsClient } from './eds-client.ts';

// One odd entry in an answer or a file, and a process that has to stay up for everybody else.

let folder: string;
let api: FakeTailscale;
let shims: ShimProcess[];
let clients: EdsClient[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-odd-'));
  api = await createFakeTailscale();
  [shims, clients] = [[], []];
});
afterEach(async () => {
  for (const client of clients) client.close();
  for (const shim of shims) await shim.process.stop('SIGKILL');
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(args: readonly string[]): Promise<ShimProcess & { readonly hosts: () => Promise<string> }> {
  const shim = await startShim([...args, '--kubernetes=off'], { TS_ENVOY_API_TOKEN: api.apiKey });
  shims.push(shim);
  const client = createEdsClient(shim.xdsPort, ['eds_backend']);
  clients.push(client);
  return { ...shim, hosts: async () => ((await client.hosts())['eds_backend'] ?? []).join(' ') };
}

async function serves(shim: Awaited<ReturnType<typeof start>>, hosts: string): Promise<void> {
  await waitFor(hosts, async () => {
    if (shim.process.exitCode() !== undefined) throw new Error(`the shim ended: ${shim.process.lines.join('\n')}`);
    return (await shim.hosts()) === hosts ? true : undefined;
  });
}

/** The first is odd; another one of the others has moved, so that it shows who is read. */
function devices(turn: number): readonly object[] {
  const of = (number: number, address: string) => tailscaleDevice(number, { addresses: [address] });
  return [of(1, '100.64.0.1'), of(2, '100.64.0.2'), of(3, `100.64.1.${turn}`), of(4, '100.64.0.4')];
}

test('an API with odd entries: the others are read on, and saved, and served after a restart', async () => {
  api.setDevices(devices(100));
  const args = [`--api-url=${api.url}`, '--poll-interval=100ms', `--state-dir=${folder}`];
  const shim = await start(args);
  await serves(shim, '100.64.0.1 100.64.0.2 100.64.0.4 100.64.1.100');
  for (const [turn, kind] of oddEntries.entries()) {
    api.fault(kind, { on: 'devices' });
    api.setDevices(devices(turn));
    // An entry whose identifier is none is nobody's, so that its device is gone.
    const first = kind === 'half-id' ? '' : '100.64.0.1 ';
    await serves(shim, `${first}100.64.0.2 100.64.0.4 100.64.1.${turn}`);
    api.fault();
    await serves(shim, `100.64.0.1 100.64.0.2 100.64.0.4 100.64.1.${turn}`);
  }
  expect(shim.log().filter(({ level }) => level === 'error')).toEqual([]);
  expect(await shim.process.stop('SIGTERM')).toBe(0);
  const saved = JSON.parse(await readFile(join(folder, 'devices.json'), 'utf8')) as { devices: readonly object[] };
  expect(saved.devices).toHaveLength(4);

  api.fault('server-error');
  await serves(await start(args), `100.64.0.1 100.64.0.2 100.64.0.4 100.64.1.${oddEntries.length - 1}`);
});

test('a file with odd entries', async () => {
  const path = join(folder, 'devices.json');
  const put = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  await put(JSON.stringify({ devices: devices(100) }));
  const shim = await start([`--devices=${path}`, `--state-dir=${folder}/state`]);
  await serves(shim, '100.64.0.1 100.64.0.2 100.64.0.4 100.64.1.100');
  for (const [turn, kind] of oddEntries.entries()) {
    await put(wrongBody(kind, { devices: devices(turn) }));
    const first = kind === 'half-id' ? '' : '100.64.0.1 ';
    await serves(shim, `${first}100.64.0.2 100.64.0.4 100.64.1.${turn}`);
    await put(JSON.stringify({ devices: devices(turn) }));
    await serves(shim, `100.64.0.1 100.64.0.2 100.64.0.4 100.64.1.${turn}`);
  }
  expect(shim.log().filter(({ level }) => level === 'error')).toEqual([]);
  expect(await shim.process.stop('SIGTERM')).toBe(0);
});
