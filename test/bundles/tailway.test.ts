import { createServer } from 'node:https';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { createTestAuthority } from '../envoy/test-certificate.ts';
import { runBundle, startBundle } from './bundled-program.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-bundles-test-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function writeDevices(file: string, ports: readonly number[]): Promise<void> {
  const devices = ports.map((port) => ({
    nodeId: `n${port}`,
    addresses: ['127.0.0.1'],
    authorized: true,
    tags: ['tag:weight-1'],
    attributes: { 'custom:lb-port': port },
  }));
  await writeFile(`${file}.new`, JSON.stringify({ devices }));
  await rename(`${file}.new`, file);
}

/** What a real xDS client's endpoints say of their health: protobuf's field 1 with SERVING. */
async function checkHealthByXds(xdsPort: number): Promise<Buffer> {
  // Read when the resolver registers.
  process.env['GRPC_XDS_BOOTSTRAP_CONFIG'] = JSON.stringify({
    xds_servers: [
      { server_uri: `127.0.0.1:${xdsPort}`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] },
    ],
    node: { id: 'bundle', locality: {} },
  });
  const { register } = await import('@grpc/grpc-js-xds');
  register();
  const client = new Client('xds:///envoy-cluster', credentials.createInsecure());
  const whole = (buffer: Buffer) => buffer;
  const call = () =>
    new Promise<Buffer>((resolve, reject) => {
      const deadline = Date.now() + 5000;
      client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        whole,
        whole,
        Buffer.alloc(0),
        { deadline },
        (err, answer) => (err === null ? resolve(answer ?? Buffer.alloc(0)) : reject(err)),
      );
    });
  try {
    return await waitFor("an answer of the cluster's endpoints", call);
  } finally {
    client.close();
  }
}

describe('the bundled shim', () => {
  it('serves devices and resources, tells what it does, and ends', async () => {
    const devices = join(folder, 'devices.json');
    await writeDevices(devices, []);
    await writeFile(
      join(folder, 'endpoints.yaml'),
      `apiVersion: gateway.tailscale.com/v1alpha1
kind: TailscaleEndpoints
metadata: { name: web, namespace: default }
spec:
  endpoints: [{ name: web, port: 80, protocol: HTTP, externalTarget: 'example.com:80' }]
`,
    );
    const args = ['--bind-address=127.0.0.1', '--xds-port=0', '--grpc-port=0', `--resources=${folder}`];
    const addresses = ['--metrics-bind-address=127.0.0.1:0', '--health-probe-bind-address=127.0.0.1:0'];
    await using shim = await startBundle(
      'tailway',
      ['serve', `--devices=${devices}`, '--hold-empty=0', ...args, ...addresses],
      { started: /"message":"listening"/ },
    );
    const [, listening = ''] = await shim.said(/^(.*"message":"listening".*)$/m);
    // The shim's own log.
    const { version, xdsPort, healthPort, metricsPort } = JSON.parse(listening) as Record<string, number>;
    expect(version).toBe(packageJson.version);

    await waitFor('readiness', async () =>
      (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).status === 200 ? true : undefined,
    );
    // Its own xDS port is the device's: gRPC's health service answers there.
    await writeDevices(devices, [xdsPort ?? 0]);
    expect([...(await checkHealthByXds(xdsPort ?? 0))]).toEqual([0x08, 1]);

    const explained = await runBundle('tailway', ['explain', `--url=http://127.0.0.1:${metricsPort}`, '--json']);
    expect(explained).toMatchObject({ code: 0 });
    expect(JSON.parse(explained.output)).toHaveProperty('virtualHosts');

    expect(await shim.stop('SIGTERM')).toBe(0);
    expect(shim.lines.at(-1)).toContain('"message":"stopped"');
  });

  it('reads a kubeconfig, and says which one is none', async () => {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, 'clusters: [}');
    const { code, output } = await runBundle('tailway', ['serve', `--kubeconfig=${kubeconfig}`]);
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(`failed to load ${kubeconfig}`) });
  });

  it('asks the API server of its kubeconfig', async () => {
    const asked = new Set<string>();
    await using authority = await createTestAuthority();
    const server = createServer(await authority.issue('IP:127.0.0.1'), (req, res) => {
      asked.add(`${req.url?.split('?')[0]} ${req.headers.authorization}`);
      res.writeHead(403).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A server that listens on TCP has an AddressInfo.
    const { port } = server.address() as AddressInfo;
    const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority': authority.caFile };
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: 'test', cluster }],
        users: [{ name: 'test', user: { token: 'a-token' } }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        'current-context': 'test',
      }),
    );
    try {
      const args = ['--bind-address=127.0.0.1', '--grpc-port=0', '--xds-port=0', '--metrics-bind-address=0'];
      await using shim = await startBundle(
        'tailway',
        ['serve', `--kubeconfig=${kubeconfig}`, '--health-probe-bind-address=0', ...args],
        { started: /"message":"listening"/ },
      );
      const path = '/apis/gateway.tailscale.com/v1alpha1/tailscaleendpoints';
      await waitFor(`a request for ${path}`, () => (asked.has(`${path} Bearer a-token`) ? true : undefined));
      expect(await shim.stop('SIGTERM')).toBe(0);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

describe('the bundled command', () => {
  it('helps', async () => {
    const { code, output } = await runBundle('tailway', ['--help']);
    expect(code).toBe(0);
    expect(output).toMatch(/^ +serve +/m);
    expect((await runBundle('tailway', ['serve', '--help'])).output).toContain('TS_ENVOY_API_TOKEN');
  });

  it('plays the demo, with itself as the shim', async () => {
    const played = await runBundle('tailway', ['demo', '--requests', '1000'], { ENVOY_BIN: inject('envoyBinary') });
    expect(played).toEqual({ code: 0, output: expect.stringContaining('All shares are as predicted.') });
  });

  it('refuses what it does not know', async () => {
    expect((await runBundle('tailway', ['bogus'])).code).toBe(2);
  });
});

it('comes with the licences of what it holds', async () => {
  const licenses = await readFile(join(inject('bundles'), 'LICENSES.txt'), 'utf8');
  for (const name of ['@bufbuild/protobuf', '@kubernetes/client-node', 'pino', 'zod']) {
    expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
  }
  expect(licenses).not.toMatch(/^(vitest|esbuild|wrangler) /m);
});
