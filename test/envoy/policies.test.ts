import { describe, expect, it } from 'vitest';
import { createTestTailnet, hostsToBe, sharesAt, sidecarOf } from './test-tailnet.ts';

const everything = [
  '--access-log=true',
  '--outlier-detection=true',
  '--panic-threshold=0',
  '--slow-start=1s',
  '--retries=2',
  '--request-timeout=3s',
  '--health-check-path=/health',
  '--health-check-host=probe.test',
];

describe('settings of the data plane at a real Envoy', () => {
  it.each([
    { name: 'round robin with all else', args: ['--lb-policy=round-robin', ...everything] },
    { name: 'least request with all else', args: ['--lb-policy=least-request', ...everything] },
    { name: 'ring hash', args: ['--lb-policy=ring-hash', '--hash-header=x-user'] },
    { name: 'maglev', args: ['--lb-policy=maglev'] },
    { name: 'random', args: ['--lb-policy=random'] },
  ])('$name is accepted and serves', async ({ args }) => {
    await using tailnet = await createTestTailnet();
    const [a, b] = [await tailnet.server('a', 'west'), await tailnet.server('b', 'east')];
    await tailnet.write([tailnet.device(a, 'tag:weight-1'), tailnet.device(b, 'tag:weight-2')]);
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`, ...args]);
    const envoy = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(
      envoy,
      new Map([
        [a, { healthy: true }],
        [b, { healthy: true }],
      ]),
    );
    await expect.poll(() => sharesAt(tailnet.entry, 200)).toMatchObject({ failed: 0 });
    expect(await envoy.stat('cluster_manager.cds.update_rejected')).toBe(0);
    expect(await envoy.stat('listener_manager.lds.update_rejected')).toBe(0);
  });

  it('names follow the settings', async () => {
    await using tailnet = await createTestTailnet();
    const a = await tailnet.server('a', 'west');
    await tailnet.write([tailnet.device(a, 'tag:weight-1', { attributes: {} })]);
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`, '--node-id=test', '--cluster-name=mine']);
    const envoy = await tailnet.envoy(sidecarOf(shim));
    await hostsToBe(envoy, new Map([[a, { healthy: true }]]), 'mine');
    await expect.poll(() => sharesAt(tailnet.entry, 20)).toEqual({ failed: 0, a: 100 });
  });
});
