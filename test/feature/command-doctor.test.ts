import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../deploy/command/commands.ts';
import { startShim } from '../../deploy/demo/shim-process.ts';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { registerFunctions } from '../../functions/all-functions.ts';
import { serveFunctions } from '../../functions/serving/node.ts';
import type { Diagnosis } from '../../shim/command/doctor/diagnosis.ts';
import { runCommand } from '../../shim/command/fake-shim.ts';
import { createFakeTailscale, type FakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { headscaleNode, tailscaleDevice } from '../fake-tailscale/tailnet.ts';

let folder: string;
let tailscale: FakeTailscale;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-doctor-'));
  tailscale = await createFakeTailscale();
  tailscale.setDevices([
    tailscaleDevice(1),
    tailscaleDevice(2, { tags: ['tag:weight-2'] }),
    tailscaleDevice(3, { tags: [] }),
  ]);
  tailscale.setNodes([headscaleNode(1)]);
});

afterAll(async () => {
  await tailscale.close();
  await rm(folder, { recursive: true, force: true });
});

/** Without a cluster. */
async function diagnose(environment: NodeJS.ProcessEnv, args: readonly string[] = []) {
  const doctor = commands.find(({ name }) => name === 'doctor');
  if (doctor === undefined) throw new Error('there is no command doctor');
  const { code, out, err } = await runCommand(doctor, ['--json', ...args], {
    HOME: folder,
    TS_ENVOY_API_URL: tailscale.url,
    ...environment,
  });
  const secrets = Object.values(environment).filter((value) => value?.includes('secret') === true);
  for (const secret of secrets) expect(out + err).not.toContain(secret);
  const { diagnoses } = JSON.parse(out) as { readonly diagnoses: readonly Diagnosis[] };
  const of = (area: Diagnosis['area']) => diagnoses.filter((each) => each.area === area);
  return { code, of, lines: (area: Diagnosis['area']) => of(area).map(({ level, detail }) => `${level} ${detail}`) };
}

describe('the credentials', () => {
  const client = () => ({
    TS_ENVOY_OAUTH_CLIENT_ID: tailscale.oauthClient.clientId,
    TS_ENVOY_OAUTH_CLIENT_SECRET: tailscale.oauthClient.clientSecret,
  });

  it.each([
    { name: 'an API key', environment: () => ({ TS_ENVOY_API_TOKEN: tailscale.apiKey }), devices: 3 },
    { name: 'an OAuth client', environment: client, devices: 3 },
    {
      name: 'headscale',
      environment: () => ({ TS_ENVOY_API_TOKEN: tailscale.apiKey, TS_ENVOY_API_KIND: 'headscale' }),
      devices: 1,
    },
  ])('work: $name', async ({ environment, devices }) => {
    const { lines, of } = await diagnose(environment());
    expect(lines('Credentials')).toEqual([`ok ${devices} devices are read`]);
    expect(of('Devices')[0]).toMatchObject({ level: 'ok', subject: `${Math.min(2, devices)} of ${devices} devices` });
  });

  it.each([
    {
      name: 'a wrong key',
      environment: () => ({ TS_ENVOY_API_TOKEN: 'a-wrong-secret' }),
      text: 'the API key is refused: it is wrong, expired or revoked',
    },
    {
      name: 'a wrong client',
      environment: () => ({ ...client(), TS_ENVOY_OAUTH_CLIENT_SECRET: 'a-wrong-secret' }),
      text: 'the OAuth client is refused',
    },
    {
      name: 'a key of something else',
      environment: () => ({ TS_ENVOY_API_TOKEN: 'a-wrong-secret', TS_ENVOY_API_KIND: 'headscale' }),
      text: 'headscale apikeys create',
    },
    {
      name: 'nobody there',
      environment: () => ({ TS_ENVOY_API_TOKEN: tailscale.apiKey, TS_ENVOY_API_URL: 'http://127.0.0.1:1' }),
      text: 'cannot be reached: check the API address and the network',
    },
  ])('do not work: $name', async ({ environment, text }) => {
    const { code, lines, of } = await diagnose(environment());
    expect(code).toBe(1);
    expect(lines('Credentials')).toEqual([expect.stringMatching(/^problem /)]);
    expect(lines('Credentials')[0]).toContain(text);
    expect(of('Devices')).toEqual([]);
  });

  it('tells a file of devices that cannot be read, by its line', async () => {
    const file = join(folder, 'devices.yaml');
    await writeFile(file, 'devices:\n  - name: web: 1\n');
    const { lines } = await diagnose({ TAILWAY_DEVICES: file });
    expect(lines('Credentials')).toEqual([expect.stringContaining(`problem ${file}:2:`)]);
  });

  it('says what to set when nothing is', async () => {
    const { of } = await diagnose({});
    expect(of('Credentials')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('TS_ENVOY_API_TOKEN') },
    ]);
  });
});

it.each([
  ['--host=a b'],
  ['--host=127.0.0.1:8080/x'],
  ['--namespace='],
  ['--name=a/b'],
  ['--envoy-gateway-namespace=../x'],
  ['--as=a'],
])('refuses %s', async (arg) => {
  const doctor = commands.find(({ name }) => name === 'doctor');
  const { code, err, out } = (await (doctor && runCommand(doctor, [arg], { HOME: folder }))) ?? {};
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^--[a-z-]+: ".*" must be a /);
});

it('tells every setting that is none', async () => {
  const { code, of } = await diagnose({ GRPC_PORT: 'x', TS_ENVOY_POLL_INTERVAL: 'never' });
  expect(code).toBe(1);
  expect(of('Settings').map(({ level, detail }) => [level, detail.split(':')[0]])).toEqual([
    ['problem', 'TS_ENVOY_POLL_INTERVAL'],
    ['problem', 'GRPC_PORT'],
  ]);
});

describe('devices', () => {
  it('that carry no discovery tag get the command that gives them one', async () => {
    const file = join(folder, 'untagged.json');
    await writeFile(file, JSON.stringify({ devices: [{ name: 'web', addresses: ['100.64.0.1'] }] }));
    const { of } = await diagnose({ TAILWAY_DEVICES: file, TS_ENVOY_DISCOVERY_TAGS: 'tag:eu-weight-3' });
    expect(of('Devices')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('--advertise-tags=tag:eu-weight-3') },
    ]);
  });

  it('that do not count are named, each with its remedy', async () => {
    const file = join(folder, 'excluded.json');
    const common = { addresses: ['100.64.0.1'], tags: ['tag:weight-1'] };
    const devices = [
      { ...common, name: 'well' },
      { ...common, name: 'waiting', addresses: ['100.64.0.2'], authorized: false },
      { ...common, name: 'closed', addresses: ['100.64.0.3'], blocksIncomingConnections: true },
      { ...common, name: 'odd', addresses: ['100.64.0.4'], attributes: { 'custom:lb-weight': 'heavy' } },
    ];
    await writeFile(file, JSON.stringify({ devices }));
    const { of, code } = await diagnose({ TAILWAY_DEVICES: file });
    const found = new Map(
      of('Devices').map(({ subject, level, detail, remedy }) => [subject, { level, detail, remedy }]),
    );
    expect(found.get('waiting')).toMatchObject({ level: 'warning', remedy: expect.stringContaining('approve') });
    expect(found.get('closed')).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining('--shields-up=false'),
    });
    expect(found.get('odd')).toMatchObject({ level: 'warning', detail: expect.stringContaining('custom:lb-weight') });
    // The ports, where nothing listens.
    expect(code).toBe(1);
  });
});

describe('functions', () => {
  it('answer, or do not, each where it is asked', async () => {
    const address = { bindAddress: '127.0.0.1', port: 0 };
    const server = await serveFunctions({ ...address, routes: registerFunctions, tokens: 'a-good-secret' });
    try {
      const ask = (token: string) => diagnose({ FUNCTIONS_URL: server.url, FUNCTIONS_TOKEN: token });
      expect((await ask('a-good-secret')).lines('Functions')).toEqual(['ok answers', 'ok answers', 'ok answers']);
      const { code, lines } = await ask('a-wrong-secret');
      expect(code).toBe(1);
      expect(lines('Functions')).toHaveLength(3);
      for (const line of lines('Functions')) expect(line).toMatch(/^problem .*401.*FUNCTIONS_TOKEN/);
    } finally {
      await server.close();
    }
  });
});

describe('ports', () => {
  it('serve once the shim does', async () => {
    const file = join(folder, 'late.json');
    const shim = await startShim([`--devices=${file}`]);
    try {
      const health = `127.0.0.1:${shim.healthPort}`;
      const ask = () => diagnose({ TS_ENVOY_PORT: `${shim.xdsPort}`, HEALTH_PROBE_BIND_ADDRESS: health });
      expect((await ask()).lines('Ports')).toEqual([
        expect.stringMatching(/^problem answers, but does not serve yet/),
        'problem is not ready: waiting for devices',
      ]);
      await writeFile(file, '{"devices": []}');
      const served = await waitFor('the shim to serve', async () => {
        const lines = (await ask()).lines('Ports');
        return lines.every((line) => line.startsWith('ok')) ? lines : undefined;
      });
      expect(served).toEqual(['ok serves', 'ok is ready']);
    } finally {
      await shim.process.stop('SIGKILL');
    }
  });

  it('say who is not there, and what to do', async () => {
    const [port] = await freePorts(1);
    const { of } = await diagnose({ TS_ENVOY_PORT: `${port}`, HEALTH_PROBE_BIND_ADDRESS: '0' }, ['--host=127.0.0.1']);
    expect(of('Ports')).toMatchObject([
      { level: 'problem', detail: expect.stringContaining('cannot be reached'), remedy: 'start it: tailway serve' },
    ]);
  });

  it('say when another server is there', async () => {
    const { port } = new URL(tailscale.url);
    const { lines } = await diagnose({ TS_ENVOY_PORT: port, HEALTH_PROBE_BIND_ADDRESS: `127.0.0.1:${port}` });
    expect(lines('Ports')).toEqual([
      expect.stringMatching(/^problem /),
      'problem is no server of Tailway (status 404)',
    ]);
  });
});

it('is a wrong call with an account that is none', async () => {
  const doctor = commands.find(({ name }) => name === 'doctor');
  const result = doctor && (await runCommand(doctor, ['--as=somebody'], { HOME: folder }));
  expect(result).toMatchObject({ code: 2, err: expect.stringContaining('--as') });
});
