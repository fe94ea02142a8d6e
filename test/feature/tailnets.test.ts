import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ShimProcess, startShim } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createFakeTailscale, type FakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { headscaleNode, tailscaleDevice } from '../fake-tailscale/tailnet.ts';
import { createEdsClient, type EdsClient } from './eds-client.ts';

// TailscaleTailnets as users have them without a cluster: a folder of YAML, a process, and a client of its xDS server.

let folder: string;
let resources: string;
let prod: FakeTailscale;
let lab: FakeTailscale;
let shims: ShimProcess[];
let clients: EdsClient[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-tailnets-'));
  resources = await mkdtemp(join(folder, 'resources-'));
  [prod, lab] = [await createFakeTailscale(), await createFakeTailscale()];
  // The same identifiers, names and tags everywhere; only the addresses tell them apart.
  prod.setDevices([1, 2].map((number) => device(number, `100.64.1.${number}`)));
  lab.setNodes(
    [1, 2].map((number) => headscaleNode(number, { ipAddresses: [`100.64.2.${number}`], tags: ['tag:web'] })),
  );
  [shims, clients] = [[], []];
});
afterEach(async () => {
  for (const client of clients) client.close();
  for (const shim of shims) await shim.process.stop('SIGKILL');
  await Promise.all([prod.close(), lab.close()]);
  await rm(folder, { recursive: true, force: true });
});

const device = (number: number, address: string) =>
  tailscaleDevice(number, { nodeId: `${number}`, addresses: [address], tags: ['tag:web', 'tag:weight-1'] });

const put = (file: string, ...documents: readonly object[]) =>
  writeFile(join(resources, file), documents.map((each) => JSON.stringify(each)).join('\n---\n'));
const remove = (file: string) => rm(join(resources, file));

const resource = (kind: string, name: string, spec: object, namespace = 'team') => ({
  apiVersion: 'gateway.tailscale.com/v1alpha1',
  kind,
  metadata: { name, namespace },
  spec,
});
const endpoints = (name: string, tailnet?: string, namespace = 'team') =>
  resource(
    'TailscaleEndpoints',
    name,
    { ...(tailnet && { tailnet }), endpoints: [{ name, port: 80, protocol: 'HTTP', selector: { tags: ['tag:web'] } }] },
    namespace,
  );
const secret = (name: string, key: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'team' },
  data: { 'api-key': Buffer.from(key).toString('base64') },
});
const prodTailnet = () =>
  resource('TailscaleTailnet', 'prod', { apiURL: prod.url, pollInterval: '1s', apiKeySecretRef: { name: 'prod' } });
const labTailnet = () =>
  resource('TailscaleTailnet', 'lab', {
    kind: 'headscale',
    apiURL: lab.url,
    pollInterval: '1s',
    apiKeySecretRef: { name: 'lab' },
  });

async function start(args: readonly string[] = [], environment: Readonly<Record<string, string>> = {}) {
  const fixed = [`--resources=${resources}`, '--allow-targets=127.0.0.0/8', '--grpc-port=0'];
  const shim = await startShim([...fixed, ...args], environment);
  shims.push(shim);
  const groups = ['prod', 'lab', 'all', 'own'].map((name) => `team/${name}/${name}`);
  const client = createEdsClient(shim.xdsPort, [...groups, 'others/stranger/stranger', 'eds_backend']);
  clients.push(client);
  return { shim, client };
}

const until = (client: EdsClient, name: string, hosts: readonly string[]) =>
  waitFor(`${name} to have ${hosts.join(', ')}`, async () => {
    const found = (await client.hosts())[name];
    return found?.join() === hosts.join() ? found : undefined;
  });

const ofProd = ['100.64.1.1', '100.64.1.2'];
const ofLab = ['100.64.2.1', '100.64.2.2'];

test('tailnets live together, and each resource gets its own', async () => {
  const file = join(folder, 'devices.json');
  await writeFile(file, JSON.stringify({ devices: [device(1, '100.64.0.1'), device(2, '100.64.0.2')] }));
  await put('secrets.yaml', secret('prod', prod.apiKey), secret('lab', lab.apiKey));
  await put('tailnets.yaml', prodTailnet(), labTailnet());
  await put(
    'endpoints.yaml',
    endpoints('prod', 'prod'),
    endpoints('lab', 'lab'),
    endpoints('all'),
    endpoints('own', 'own.example.com'),
    endpoints('stranger', undefined, 'others'),
  );
  const { shim, client } = await start([`--devices=${file}`, '--tailnet=own.example.com']);
  const own = ['100.64.0.1', '100.64.0.2'];
  await until(client, 'team/prod/prod', ofProd);
  await until(client, 'team/lab/lab', ofLab);
  await until(client, 'team/all/all', [...own, ...ofProd, ...ofLab]);
  await until(client, 'team/own/own', own);
  await until(client, 'others/stranger/stranger', own);
  // The sidecars' group is that of the settings alone.
  await until(client, 'eds_backend', own);

  const metrics = await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
  expect(metrics).toMatch(/^tailway_source_devices\{source="file",state="known"\} 2$/m);
  expect(metrics).toMatch(/^tailway_source_devices\{source="tailscale",tailnet="team\/prod",state="known"\} 2$/m);
  expect(metrics).toMatch(/^tailway_source_devices\{source="headscale",tailnet="team\/lab",state="known"\} 2$/m);

  await remove('tailnets.yaml');
  await until(client, 'team/all/all', own);
  await waitFor('the metrics of what is gone', async () => {
    const text = await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
    return text.includes('team/prod') ? undefined : true;
  });
  expect(await client.hosts()).toMatchObject({ eds_backend: own, 'others/stranger/stranger': own });
});

test('a rotated Secret counts at once, a wrong or lost one changes nothing', async () => {
  await put('secret.yaml', secret('prod', prod.apiKey));
  await put('resources.yaml', prodTailnet(), endpoints('prod', 'prod'));
  const { shim, client } = await start();
  await until(client, 'team/prod/prod', ofProd);

  prod.setApiKey('tskey-api-next');
  await waitFor('the refusal', () => shim.log().find(({ reason }) => reason === 'unauthorized'));
  await remove('secret.yaml');
  await waitFor('the lost Secret', () =>
    shim.log().find(({ detail }) => String(detail).startsWith('there is no Secret team/prod')),
  );
  expect((await client.hosts())['team/prod/prod']).toEqual(ofProd);

  prod.setDevices([device(1, '100.64.1.1'), device(3, '100.64.1.3')]);
  await put('secret.yaml', secret('prod', prod.apiKey));
  await until(client, 'team/prod/prod', ['100.64.1.1', '100.64.1.3']);
  for (const key of ['tskey-api-next', 'tskey-api-fake']) expect(shim.process.lines.join('\n')).not.toContain(key);
});

test('what is broken holds up neither readiness nor others, and takes nothing away after a restart', async () => {
  await put('secrets.yaml', secret('prod', prod.apiKey), secret('lab', 'wrong'));
  await put('tailnets.yaml', prodTailnet(), labTailnet(), resource('TailscaleTailnet', 'broken', { kind: 'other' }));
  await put('endpoints.yaml', endpoints('prod', 'prod'), endpoints('lab', 'lab'), endpoints('all'));
  const stateDir = join(folder, 'state');
  const first = await start([`--state-dir=${stateDir}`]);
  const ready = ({ healthPort }: ShimProcess) =>
    waitFor('readiness', async () =>
      (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).status === 200 ? true : undefined,
    );
  await ready(first.shim);
  await until(first.client, 'team/prod/prod', ofProd);
  await until(first.client, 'team/all/all', ofProd);
  // Of what was never read there is no answer, rather than an empty one.
  expect(Object.keys(await first.client.hosts()).toSorted()).toEqual(['team/all/all', 'team/prod/prod']);
  expect(first.shim.log()).toContainEqual(
    expect.objectContaining({ message: 'a TailscaleTailnet is not as it should be', tailnet: 'team/broken' }),
  );
  expect(await first.shim.process.stop('SIGTERM')).toBe(0);

  prod.fault('server-error');
  const second = await start([`--state-dir=${stateDir}`]);
  await ready(second.shim);
  await until(second.client, 'team/prod/prod', ofProd);
  const third = await start();
  await ready(third.shim);
  expect(await third.client.hosts()).toEqual({});
  prod.fault();
  await until(third.client, 'team/prod/prod', ofProd);
});

test('devices by TailscaleTailnets alone need no other setting', async () => {
  await put('endpoints.yaml', endpoints('prod', 'prod'));
  const { shim, client } = await start();
  await waitFor('the refusal', () => shim.log().find(({ reason }) => reason === 'UnknownTailnet'));
  await put('tailnet.yaml', prodTailnet());
  await put('secret.yaml', secret('prod', prod.apiKey));
  await until(client, 'team/prod/prod', ofProd);
  await remove('tailnet.yaml');
  const refusals = await waitFor('the refusal to come back', () => {
    const found = shim.log().filter(({ reason }) => reason === 'UnknownTailnet');
    return found.length > 1 ? found : undefined;
  });
  expect(refusals.at(-1)).toMatchObject({ resource: 'TailscaleEndpoints team/prod' });
  expect(refusals.at(-1)?.['detail']).toContain('create that TailscaleTailnet in the namespace');
});

test('groups that stand in clusters hold up no gateway for a tailnet that cannot be read', async () => {
  await put('secrets.yaml', secret('prod', prod.apiKey), secret('lab', 'wrong'));
  await put('resources.yaml', prodTailnet(), labTailnet(), endpoints('prod', 'prod'), endpoints('lab', 'lab'));
  const { shim } = await start(['--group-endpoints=inline']);
  await waitFor('readiness', async () =>
    (await fetch(`http://127.0.0.1:${shim.healthPort}/readyz`)).status === 200 ? true : undefined,
  );
  const groups = async () => {
    const status = (await (await fetch(`http://127.0.0.1:${shim.metricsPort}/status`)).json()) as {
      groups: { items: readonly { name: string; endpoints: number }[] };
    };
    return status.groups.items.map(({ name, endpoints }) => `${name} ${endpoints}`).toSorted();
  };
  // They are computed a moment after their devices are settled.
  await expect.poll(groups).toEqual(['team/lab/lab 0', 'team/prod/prod 2']);
});
