import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { typeUrls } from '../../shim/xds/resource.ts';
import { createTestTailnet, hostsToBe, sharesAt, sidecarOf } from './test-tailnet.ts';

describe('a resource that a real Envoy refuses', () => {
  it('is told with node, resource and reason, and harms no other resource and no other Envoy', async () => {
    await using tailnet = await createTestTailnet();
    const a = await tailnet.server('a', 'west');
    await tailnet.write([tailnet.device(a, 'tag:weight-1')]);
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`]);
    // The listener's port is taken: Envoy refuses the listener.
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.listen(tailnet.listenerPort, '127.0.0.1', resolve));
    const refusing = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(refusing, new Map([[a, { healthy: true }]]));
    const nack = await waitFor('the NACK in the log', () =>
      shim.log().find(({ message }) => message === 'node refused a response'),
    );
    expect(nack).toMatchObject({ type: typeUrls.listener, node: 'test', names: ['main-listener'] });
    expect(nack['error']).toContain('main-listener');
    const metrics = await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
    expect(metrics).toContain('tailway_xds_nacks_total{type="listener"} 1');

    // The same content is not sent again; its endpoints go on to change.
    const b = await tailnet.server('b', 'west');
    await tailnet.write([tailnet.device(a, 'tag:weight-1'), tailnet.device(b, 'tag:weight-1')]);
    await hostsToBe(refusing, new Map([a, b].map((server) => [server, { healthy: true }])));
    expect(await refusing.stat('listener_manager.lds.update_rejected')).toBe(1);

    await new Promise((resolve) => occupant.close(resolve));
    await refusing.stop();
    const accepting = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(accepting, new Map([a, b].map((server) => [server, { healthy: true }])));
    await expect.poll(() => sharesAt(tailnet.entry, 100)).toMatchObject({ failed: 0 });
  });
});
