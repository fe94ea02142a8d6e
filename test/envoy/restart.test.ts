import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { measureShares } from '../../deploy/demo/shares.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createTestTailnet, hostsToBe, sharesAt, sidecarOf } from './test-tailnet.ts';

describe('the shim killed under load', () => {
  it('fails no request, and Envoy follows the next shim', async () => {
    await using tailnet = await createTestTailnet();
    const [a, b] = [await tailnet.server('a', 'west'), await tailnet.server('b', 'west')];
    await tailnet.write([tailnet.device(a, 'tag:weight-1'), tailnet.device(b, 'tag:weight-1')]);
    const args = [`--devices=${tailnet.devicesFile}`];
    const shim = await tailnet.shim(args);
    const envoy = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(envoy, new Map([a, b].map((server) => [server, { healthy: true }])));
    await sharesAt(tailnet.entry, 10);

    let running = true;
    let failed = 0;
    let sent = 0;
    const load = (async () => {
      while (running) {
        failed += (await measureShares(tailnet.entry, 200)).failed;
        sent += 200;
      }
    })();
    await shim.process.stop('SIGKILL');
    const without = sent;
    await waitFor('requests without a shim', () => (sent > without + 1000 ? true : undefined));
    const next = await tailnet.shim([...args, `--xds-port=${shim.xdsPort}`]);
    await waitFor('Envoy to come back', async () => {
      const connected = await envoy.stat('control_plane.connected_state');
      return connected === 1 && next.process.exitCode() === undefined ? true : undefined;
    });
    const back = sent;
    await waitFor('requests with the next shim', () => (sent > back + 1000 ? true : undefined));
    running = false;
    await load;
    expect(failed).toBe(0);

    // Equal versions: the next shim's resources are the ones that Envoy has.
    expect(await envoy.stat('cluster_manager.cluster_modified')).toBe(0);
    expect(await envoy.stat('listener_manager.listener_modified')).toBe(0);
    await tailnet.write([tailnet.device(b, 'tag:weight-1')]);
    await hostsToBe(envoy, new Map([[b, { healthy: true }]]));
  });

  it('starts from the last good state while its source is away', async () => {
    await using tailnet = await createTestTailnet();
    const a = await tailnet.server('a', 'west');
    await tailnet.write([tailnet.device(a, 'tag:weight-1')]);
    const state = `--state-dir=${tailnet.devicesFile}.state`;
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`, state]);
    const before = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(before, new Map([[a, { healthy: true }]]));
    await before.stop();
    expect(await shim.process.stop('SIGTERM')).toBe(0);

    await rm(tailnet.devicesFile);
    const next = await tailnet.shim([`--devices=${tailnet.devicesFile}`, state]);
    const envoy = await tailnet.envoy(sidecarOf(next));
    await hostsToBe(envoy, new Map([[a, { healthy: true }]]));
    await expect.poll(() => sharesAt(tailnet.entry, 100)).toEqual({ failed: 0, a: 100 });
    expect((await fetch(`http://127.0.0.1:${next.healthPort}/readyz`)).status).toBe(200);
  });
});
