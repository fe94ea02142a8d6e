import { describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createFakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { headscaleNode, tailscaleDevice } from '../fake-tailscale/tailnet.ts';
import { createTestTailnet, hostsToBe, sharesAt, sidecarOf } from './test-tailnet.ts';

function near(percent: number) {
  return expect.closeTo(percent, -Math.log10(2 * 3));
}

describe("devices of Tailscale's API at a real Envoy", () => {
  it('are weighted by tag and attribute, and stay when the API fails or suddenly names nobody', async () => {
    await using tailnet = await createTestTailnet();
    const [a, b] = [await tailnet.server('a', 'west'), await tailnet.server('b', 'east')];
    const api = await createFakeTailscale();
    tailnet.defer(() => api.close());
    const devices = [
      tailscaleDevice(1, { nodeId: 'nodeA', addresses: ['127.0.0.1'], tags: ['tag:weight-1'] }),
      tailscaleDevice(2, { nodeId: 'nodeB', addresses: ['127.0.0.1'], tags: ['tag:weight-3'] }),
      // A laptop: no tag, no traffic.
      tailscaleDevice(3, { nodeId: 'nodeC', tags: [] }),
    ];
    api.setDevices(devices);
    api.setAttributes('nodeA', { 'custom:lb-port': a.port });
    api.setAttributes('nodeB', { 'custom:lb-port': b.port });
    const shim = await tailnet.shim([`--api-url=${api.url}`, '--poll-interval=100ms', '--api-timeout=300ms'], {
      TS_ENVOY_OAUTH_CLIENT_ID: api.oauthClient.clientId,
      TS_ENVOY_OAUTH_CLIENT_SECRET: api.oauthClient.clientSecret,
    });
    const envoy = await tailnet.envoy(sidecarOf(shim));
    const both = new Map([a, b].map((server) => [server, { healthy: true }]));
    await hostsToBe(envoy, both);
    await expect.poll(() => sharesAt(tailnet.entry, 2000)).toEqual({ failed: 0, a: near(25), b: near(75) });

    for (const fault of ['server-error', 'hang', 'garbage', 'unauthorized'] as const) {
      const failures = shim.log().filter(({ message }) => message.startsWith('devices cannot be read')).length;
      api.fault(fault, { on: 'devices' });
      await waitFor(`${fault} in the log`, () => {
        const now = shim.log().filter(({ message }) => message.startsWith('devices cannot be read')).length;
        return now > failures ? true : undefined;
      });
      expect((await envoy.hosts('envoy-cluster')).size).toBe(2);
    }
    api.fault();
    api.setDevices([]);
    await waitFor('the hold in the log', () =>
      shim.log().find(({ message }) => message.startsWith('most devices are gone from the answer')),
    );
    expect((await envoy.hosts('envoy-cluster')).size).toBe(2);
    expect(await sharesAt(tailnet.entry, 100)).toMatchObject({ failed: 0 });
    const metrics = await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
    expect(metrics).toContain('tailway_source_answer_held{source="tailscale"} 1');

    // Everything that the process said, and no secret in it.
    const said = `${shim.process.lines.join('\n')}\n${metrics}`;
    expect(said).not.toContain(api.oauthClient.clientSecret);
    expect(said).not.toContain(api.oauthClient.clientId);
  });

  it('stay when all are suddenly called offline, but for whom an administrator takes out meanwhile', async () => {
    await using tailnet = await createTestTailnet();
    const [a, b] = [await tailnet.server('a', 'west'), await tailnet.server('b', 'east')];
    const api = await createFakeTailscale();
    tailnet.defer(() => api.close());
    const devices = (of: { readonly connectedToControl: boolean; readonly authorized?: boolean }) => [
      tailscaleDevice(1, { ...of, nodeId: 'nodeA', addresses: ['127.0.0.1'], tags: ['tag:weight-1'] }),
      tailscaleDevice(2, {
        nodeId: 'nodeB',
        addresses: ['127.0.0.1'],
        tags: ['tag:weight-1'],
        connectedToControl: of.connectedToControl,
      }),
    ];
    api.setDevices(devices({ connectedToControl: true }));
    api.setAttributes('nodeA', { 'custom:lb-port': a.port });
    api.setAttributes('nodeB', { 'custom:lb-port': b.port });
    const shim = await tailnet.shim([`--api-url=${api.url}`, '--poll-interval=100ms'], {
      TS_ENVOY_API_TOKEN: api.apiKey,
    });
    const envoy = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(envoy, new Map([a, b].map((server) => [server, { healthy: true }])));
    api.setDevices(devices({ connectedToControl: false }));
    await waitFor('the hold in the log', () =>
      shim.log().find(({ message }) => message.startsWith('most devices are suddenly called offline')),
    );
    expect((await envoy.hosts('envoy-cluster')).size).toBe(2);
    expect(await sharesAt(tailnet.entry, 100)).toMatchObject({ failed: 0 });
    api.setDevices(devices({ connectedToControl: false, authorized: false }));
    await hostsToBe(envoy, new Map([[b, { healthy: true }]]));
    expect(await sharesAt(tailnet.entry, 50)).toEqual({ failed: 0, b: 100 });
  });

  it('go when the grace period is over', async () => {
    await using tailnet = await createTestTailnet();
    const a = await tailnet.server('a', 'west');
    const api = await createFakeTailscale();
    tailnet.defer(() => api.close());
    api.setDevices([tailscaleDevice(1, { nodeId: 'nodeA', addresses: ['127.0.0.1'], tags: ['tag:weight-1'] })]);
    const args = [`--api-url=${api.url}`, '--poll-interval=100ms', '--hold-empty=1s', `--endpoint-port=${a.port}`];
    const shim = await tailnet.shim(args, { TS_ENVOY_API_TOKEN: api.apiKey });
    const envoy = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(envoy, new Map([[a, { healthy: true }]]));
    api.setDevices([]);
    await hostsToBe(envoy, new Map());
    await expect.poll(async () => (await fetch(tailnet.entry)).status).toBe(503);
  });
});

describe("nodes of headscale's API at a real Envoy", () => {
  it('are weighted by tag', async () => {
    await using tailnet = await createTestTailnet();
    const a = await tailnet.server('a', 'west');
    const api = await createFakeTailscale();
    tailnet.defer(() => api.close());
    api.setNodes([
      headscaleNode(1, { ipAddresses: ['127.0.0.1'], tags: ['tag:weight-2'], online: true }),
      headscaleNode(2, { tags: ['tag:weight-2'], online: false }),
    ]);
    const args = [`--api-url=${api.url}`, '--api-kind=headscale', '--poll-interval=100ms', `--endpoint-port=${a.port}`];
    const shim = await tailnet.shim(args, { TS_ENVOY_API_TOKEN: api.apiKey });
    const envoy = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(envoy, new Map([[a, { healthy: true, region: 'tag:weight-2' }]]));
    await expect.poll(() => sharesAt(tailnet.entry, 50)).toEqual({ failed: 0, a: 100 });
  });
});
