import { describe, expect, it } from 'vitest';
import type { DemoServer } from '../../deploy/demo/demo-server.ts';
import type { EnvoyHost } from '../../deploy/demo/envoy-process.ts';
import { createTestTailnet, hostsToBe, sharesAt, sidecarOf } from './test-tailnet.ts';

const requests = 2000;

function near(percent: number) {
  return expect.closeTo(percent, -Math.log10(2 * 3));
}

describe('a change of the devices at a real Envoy', () => {
  it('moves the traffic with the weight, the tag, the zone and the end of a device', async () => {
    await using tailnet = await createTestTailnet();
    const [a, b] = [await tailnet.server('a', 'west'), await tailnet.server('b', 'east')];
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`]);
    const { device, write, entry } = tailnet;
    await write([device(a, 'tag:weight-1'), device(b, 'tag:weight-1')]);
    const envoy = await tailnet.envoy(sidecarOf(shim));
    const together = { healthy: true, region: 'tag:weight-1' };
    await hostsToBe(envoy, new Map([a, b].map((server) => [server, together])));
    await expect.poll(() => sharesAt(entry, requests)).toEqual({ failed: 0, a: near(50), b: near(50) });

    // An endpoint's weight within its locality.
    await write([device(a, 'tag:weight-1', { attributes: { 'custom:lb-weight': 3 } }), device(b, 'tag:weight-1')]);
    await hostsToBe(
      envoy,
      new Map([
        [a, { weight: 3 }],
        [b, { weight: 1 }],
      ]),
    );
    await expect.poll(() => sharesAt(entry, requests)).toEqual({ failed: 0, a: near(75), b: near(25) });

    // Into a locality of another weight.
    await write([device(a, 'tag:weight-1'), device(b, 'tag:weight-4', { attributes: { 'custom:lb-zone': 'b' } })]);
    await hostsToBe(
      envoy,
      new Map<DemoServer, Partial<EnvoyHost>>([
        [a, together],
        [b, { healthy: true, region: 'tag:weight-4', zone: 'b' }],
      ]),
    );
    await expect.poll(() => sharesAt(entry, requests)).toEqual({ failed: 0, a: near(20), b: near(80) });

    // Failover: a lower priority gets nothing while the higher one is well.
    await write([device(a, 'tag:weight-1', { attributes: { 'custom:lb-priority': 7 } }), device(b, 'tag:weight-4')]);
    await hostsToBe(
      envoy,
      new Map([
        [a, { healthy: true, priority: 1 }],
        [b, { healthy: true, priority: 0 }],
      ]),
    );
    await expect.poll(() => sharesAt(entry, requests)).toEqual({ failed: 0, b: near(100) });
    await fetch(`http://127.0.0.1:${b.port}/unhealthy`);
    await hostsToBe(
      envoy,
      new Map([
        [a, { healthy: true }],
        [b, { healthy: false }],
      ]),
    );
    await expect.poll(() => sharesAt(entry, requests)).toEqual({ failed: 0, a: near(100) });

    // Gone, although it still answers.
    await fetch(`http://127.0.0.1:${b.port}/healthy`);
    await write([device(b, 'tag:weight-1')]);
    await hostsToBe(envoy, new Map([[b, { healthy: true }]]));
    await expect.poll(() => sharesAt(entry, requests)).toEqual({ failed: 0, b: near(100) });
  });

  it('leaves out a device that its owner has not let in, and says so', async () => {
    await using tailnet = await createTestTailnet();
    const [a, b] = [await tailnet.server('a', 'west'), await tailnet.server('b', 'west')];
    await tailnet.write([tailnet.device(a, 'tag:weight-1'), tailnet.device(b, 'tag:weight-1', { authorized: false })]);
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`]);
    const envoy = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(envoy, new Map([[a, { healthy: true }]]));
    await expect.poll(() => sharesAt(tailnet.entry, 100)).toEqual({ failed: 0, a: 100 });
    expect(shim.log()).toContainEqual(
      expect.objectContaining({ message: 'a device is left out', device: 'b', reason: 'unauthorized' }),
    );
    const metrics = await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
    expect(metrics).toContain('tailway_devices{consumer="sidecars",reason="unauthorized"} 1');
    expect(metrics).toContain('tailway_devices{consumer="sidecars",reason="used"} 1');
  });
});
