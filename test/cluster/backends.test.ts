import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../deploy/demo/free-port.ts';
import type { ShimProcess } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { EchoServer } from '../envoy/echo-server.ts';
import type { EnvoyGateway } from './envoy-gateway.ts';
import { seenAt, untilSeen } from './gateway-client.ts';
import { catchAllTo, endpointTo, endpointsOf, gatewayOf, namespaceOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';
import { answersAt, isNear, writeDevices } from './weighted-traffic.ts';

describe('what stands behind the routes of a real Envoy Gateway', () => {
  let cluster: TestCluster;
  let shim: ShimProcess;
  let envoyGateway: EnvoyGateway;
  let own: EchoServer;
  let web: EchoServer;

  beforeAll(async () => {
    cluster = await startTestCluster();
    [own, web] = [await cluster.upstream('own'), await cluster.upstream('web')];
    shim = await cluster.shim([`--devices=${cluster.devicesFile}`, '--hold-empty=0', '--status-interval=100ms']);
    envoyGateway = await cluster.envoyGateway();
    await cluster.kubectl.apply(gatewayOf(cluster.gatewayPort), ...catchAllTo(own.port));
    await untilSeen(cluster.gatewayPort, '/', { name: 'own' });
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  /** How many hooks were called so far. */
  async function hookCalls(): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith('tailway_hook_calls_total{'));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  it('are devices, whose weights move traffic without Envoy Gateway', async () => {
    const { kubectl, gatewayPort: port, devicesFile } = cluster;
    const [a, b] = [await cluster.upstream('a'), await cluster.upstream('b')];
    await writeDevices(devicesFile, [
      { server: a, tag: 'tag:web', weight: 3 },
      { server: b, tag: 'tag:web', weight: 1 },
    ]);
    await kubectl.apply(
      endpointsOf('devices', [{ name: 'devices', port: 80, protocol: 'HTTP', selector: { tags: ['tag:web'] } }]),
    );
    await untilSeen(port, '/api/devices/x', { path: '/x', status: 200 });
    await waitFor('the first weights', async () => isNear(await answersAt(port, '/api/devices'), { a: 75, b: 25 }));

    await waitFor('the acknowledgement in the status', async () => {
      const found = await kubectl.get(endpointsOf('devices', []));
      const { conditions = [] } = (found?.['status'] ?? {}) as { conditions?: Record<string, string>[] };
      // Envoy Gateway has taken the last revision, too: no more hooks are to come.
      expect(conditions.find(({ type }) => type === 'Programmed')).toMatchObject({
        status: 'True',
        message: expect.stringContaining('Devices acknowledged: "devices" by 1 Envoy.'),
      });
      return true;
    });

    const calls = await hookCalls();
    expect(calls).toBeGreaterThan(0);
    const changedMs = performance.now();
    await writeDevices(devicesFile, [
      { server: a, tag: 'tag:web', weight: 1 },
      { server: b, tag: 'tag:web', weight: 4 },
    ]);
    await waitFor('the second weights', async () => isNear(await answersAt(port, '/api/devices'), { a: 20, b: 80 }));
    await writeDevices(devicesFile, [{ server: b, tag: 'tag:web', weight: 1 }]);
    await waitFor('the device to go', async () => isNear(await answersAt(port, '/api/devices'), { b: 100 }));
    process.stdout.write(
      `two changes of devices, 100 requests each: ${Math.round(performance.now() - changedMs)} ms\n`,
    );
    expect(await hookCalls()).toBe(calls);
    await kubectl.delete(endpointsOf('devices', []));
    await untilSeen(port, '/api/devices/x', { name: 'own' });
  });

  it('is a TailscaleEndpoints that a route names, in another namespace only with a ReferenceGrant', async () => {
    const { kubectl, gatewayPort: port } = cluster;
    const routeTo = (path: string, namespace: string) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: `to-${namespace}`, namespace: 'default' },
      spec: {
        parentRefs: [{ name: 'gateway' }],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: path } }],
            backendRefs: [{ group: 'gateway.tailscale.com', kind: 'TailscaleEndpoints', name: 'backend', namespace }],
          },
        ],
      },
    });
    await kubectl.apply(namespaceOf('backends'));
    await kubectl.apply(
      endpointsOf('backend', [endpointTo('local-backend', web)]),
      endpointsOf('backend', [endpointTo('other-backend', web)], 'backends'),
      routeTo('/local', 'default'),
      routeTo('/other', 'backends'),
    );
    await untilSeen(port, '/local/x', { name: 'web', path: '/local/x' });
    await untilSeen(port, '/other/x', { status: 500 });

    const grant = {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      metadata: { name: 'from-default', namespace: 'backends' },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }],
        to: [{ group: 'gateway.tailscale.com', kind: 'TailscaleEndpoints' }],
      },
    };
    await kubectl.apply(grant);
    await untilSeen(port, '/other/x', { name: 'web', path: '/other/x' });

    // It follows its endpoints.
    const next = await cluster.upstream('next');
    await kubectl.apply(endpointsOf('backend', [endpointTo('local-backend', next)]));
    await untilSeen(port, '/local/x', { name: 'next' });

    await kubectl.delete(grant);
    await untilSeen(port, '/other/x', { status: 500 });
    expect(await seenAt(port, '/local/x')).toMatchObject({ name: 'next' });
    for (const namespace of ['default', 'backends']) {
      await kubectl.delete(routeTo('/', namespace));
      await kubectl.delete(endpointsOf('backend', [], namespace));
    }
  });

  it('leaves a listener with TLS its certificate', async () => {
    const { kubectl } = cluster;
    const [port = 0] = await freePorts(1);
    const { certificate, key } = envoyGateway.certificate;
    const data = { 'tls.crt': await readFile(certificate, 'base64'), 'tls.key': await readFile(key, 'base64') };
    await kubectl.apply(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'secure', namespace: 'default' },
        type: 'kubernetes.io/tls',
        data,
      },
      endpointsOf('secured', [endpointTo('secured', web)]),
      {
        ...gatewayOf(port, 'secure'),
        spec: {
          gatewayClassName: 'eg',
          listeners: [
            {
              name: 'https',
              protocol: 'HTTPS',
              port,
              tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'secure' }] },
            },
          ],
        },
      },
      ...catchAllTo(own.port, 'secure'),
    );
    const ask = (path: string) => askWithTls(port, path);
    const untilAsked = (path: string, words: string) =>
      waitFor(`${words} at ${path} behind TLS`, async () => (await ask(path)).includes(words) || undefined, 60_000);
    await untilAsked('/api/secured/x', '"web"');
    expect(await ask('/api/secured/x')).toContain('"path":"/x"');
    // What is injected may be there before the Gateway's own route.
    await untilAsked('/other', '"own"');

    // A change of what is injected sends all secrets through the hooks again.
    await kubectl.apply(endpointsOf('secured', [endpointTo('secured', web), endpointTo('more', web)]));
    await untilAsked('/api/more/x', '"web"');
    expect(await ask('/other')).toContain('"own"');
  });
});

/** Asks without knowing the authority, and gives the whole answer. */
function askWithTls(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
    let answer = '';
    socket.once('error', reject);
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => (answer += chunk.toString('utf8')));
    socket.on('close', () => resolve(answer));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  });
}
