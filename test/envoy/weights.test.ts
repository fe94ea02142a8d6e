import { describe, expect, it } from 'vitest';
import type { XdsVariant } from '../../deploy/demo/sidecar-bootstrap.ts';
import { createTestTailnet, hostsToBe, sharesAt, sidecarOf } from './test-tailnet.ts';

/** Requests of a measurement, and how many points a share may be off. */
const requests = 3000;
const points = 3;

const healthy = { healthy: true };
const unhealthy = { healthy: false };

function near(percent: number) {
  return expect.closeTo(percent, -Math.log10(2 * points));
}

const variants: readonly XdsVariant[] = ['sotw-ads', 'delta-ads', 'sotw', 'delta'];

describe.each(variants)('a real Envoy over %s', (variant) => {
  it('balances by the weights of the tags and leaves out the unhealthy', async () => {
    await using tailnet = await createTestTailnet();
    const [west1, west2] = [await tailnet.server('west-1', 'west'), await tailnet.server('west-2', 'west')];
    const [east1, east2] = [await tailnet.server('east-1', 'east'), await tailnet.server('east-2', 'east')];
    await tailnet.write([
      ...[west1, west2].map((server) => tailnet.device(server, 'tag:weight-1')),
      ...[east1, east2].map((server) => tailnet.device(server, 'tag:weight-2')),
    ]);
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`]);
    const envoy = await tailnet.envoy(sidecarOf(shim, variant));
    const turn = (port: number, state: string) => fetch(`http://127.0.0.1:${port}/${state}`);

    await hostsToBe(envoy, new Map([west1, west2, east1, east2].map((server) => [server, healthy])));
    await expect
      .poll(() => sharesAt(tailnet.entry, requests))
      .toEqual({
        failed: 0,
        'west-1': near(100 / 6),
        'west-2': near(100 / 6),
        'east-1': near(100 / 3),
        'east-2': near(100 / 3),
      });

    await turn(west1.port, 'unhealthy');
    await hostsToBe(envoy, new Map([[west1, unhealthy], ...[west2, east1, east2].map((s) => [s, healthy] as const)]));
    // Availability of west: 1.4 x 1/2 = 0.7, so 0.7 against 2.
    await expect
      .poll(() => sharesAt(tailnet.entry, requests))
      .toEqual({
        failed: 0,
        'west-2': near(70 / 2.7),
        'east-1': near(100 / 2.7),
        'east-2': near(100 / 2.7),
      });

    await turn(west2.port, 'unhealthy');
    await hostsToBe(
      envoy,
      new Map([
        [west1, unhealthy],
        [west2, unhealthy],
        [east1, healthy],
        [east2, healthy],
      ]),
    );
    await expect
      .poll(() => sharesAt(tailnet.entry, requests))
      .toEqual({ failed: 0, 'east-1': near(50), 'east-2': near(50) });

    await turn(west1.port, 'healthy');
    await turn(west2.port, 'healthy');
    await hostsToBe(envoy, new Map([west1, west2, east1, east2].map((server) => [server, healthy])));
    await expect.poll(() => sharesAt(tailnet.entry, requests)).toMatchObject({ failed: 0, 'west-1': near(100 / 6) });
  });
});
