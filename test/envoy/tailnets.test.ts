import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DemoServer } from '../../deploy/demo/demo-server.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createFakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { tailscaleDevice } from '../fake-tailscale/tailnet.ts';
import { startEchoServer } from './echo-server.ts';
import { startStaticGateway } from './static-gateway.ts';
import { createTestTailnet } from './test-tailnet.ts';

const resource = (kind: string, spec: object) => ({
  apiVersion: 'gateway.tailscale.com/v1alpha1',
  kind,
  metadata: { name: 'prod', namespace: 'team' },
  spec,
});

describe('a gateway on the tailnet of a resource', () => {
  it('keeps its hosts over a restart of the shim while that API is away', async () => {
    await using tailnet = await createTestTailnet();
    const prod = await createFakeTailscale();
    tailnet.defer(prod.close);
    const folder = await mkdtemp(join(tmpdir(), 'tailway-tailnet-'));
    tailnet.defer(() => rm(folder, { recursive: true, force: true }));
    await using first = await startEchoServer({ name: 'first' });
    await using second = await startEchoServer({ name: 'second' });
    const serve = ({ port }: Pick<DemoServer, 'port'>) => {
      prod.setDevices([tailscaleDevice(1, { nodeId: '1', addresses: ['127.0.0.1'], tags: ['tag:web'] })]);
      prod.setAttributes('1', { 'custom:lb-port': port });
    };
    serve(first);
    const spec = { apiURL: prod.url, pollInterval: '1s', apiKeySecretRef: { name: 'prod' } };
    const documents = [
      resource('TailscaleTailnet', spec),
      resource('TailscaleEndpoints', {
        tailnet: 'prod',
        endpoints: [{ name: 'web', port: 80, protocol: 'HTTP', selector: { tags: ['tag:web'] } }],
      }),
      // Another one is read all the time, so that there is something to answer with.
      { ...resource('TailscaleTailnet', { ...spec, kind: 'headscale' }), metadata: { name: 'lab', namespace: 'team' } },
      { apiVersion: 'v1', kind: 'Secret', metadata: resource('', {}).metadata, stringData: { 'api-key': prod.apiKey } },
    ];
    await writeFile(join(folder, 'all.yaml'), documents.map((each) => JSON.stringify(each)).join('\n---\n'));
    const args = [`--resources=${folder}`, '--allow-targets=127.0.0.0/8', '--grpc-port=0'];
    const shim = await tailnet.shim(args);
    const ref = { namespace: 'team', resource: 'prod', endpoint: 'web' };
    const gateway = await startStaticGateway(tailnet, {
      endpoints: [{ ref, protocol: 'ENDPOINT_PROTOCOL_HTTP', port: 80, selector: { tags: ['tag:web'] } }],
      settings: { xdsTarget: `dns:///127.0.0.1:${shim.xdsPort}` },
    });
    const served = async () => (await gateway.get('/api/web/x')).echo.name;
    await waitFor('the first host', async () => ((await served()) === 'first' ? true : undefined));

    await shim.process.stop('SIGKILL');
    prod.fault('server-error', { on: 'devices' });
    const next = await tailnet.shim([...args, `--xds-port=${shim.xdsPort}`]);
    await waitFor('readiness', async () =>
      (await fetch(`http://127.0.0.1:${next.healthPort}/readyz`)).status === 200 ? true : undefined,
    );
    await waitFor('the stream of the gateway', async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${next.metricsPort}/metrics`)).text();
      return /^tailway_xds_streams\{.*\} 1$/m.test(metrics) ? true : undefined;
    });
    for (let request = 0; request < 50; request++) expect(await served()).toBe('first');

    serve(second);
    prod.fault();
    await waitFor('the host that is new', async () => ((await served()) === 'second' ? true : undefined));
  });
});
