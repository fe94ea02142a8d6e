import { expect, it } from 'vitest';
import { registerFunctions } from '../../functions/all-functions.ts';
import { serveFunctions } from '../../functions/serving/node.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { startFaultyEdge } from '../edge-faults/faulty-edge.ts';
import { createTestTailnet, hostsToBe, sharesAt, sidecarOf } from './test-tailnet.ts';

it('a real Envoy follows the devices while the edge hangs, and after it', async () => {
  await using tailnet = await createTestTailnet();
  const functions = await serveFunctions({ bindAddress: '127.0.0.1', port: 0, routes: registerFunctions });
  tailnet.defer(() => functions.close());
  const edge = await startFaultyEdge(functions.url);
  tailnet.defer(async () => edge[Symbol.asyncDispose]());
  const [a, b] = [await tailnet.server('a', 'west'), await tailnet.server('b', 'east')];
  await tailnet.write([tailnet.device(a, 'tag:weight-1')]);
  const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`, `--functions-url=${edge.url}`]);
  const metrics = async () => await (await fetch(`http://127.0.0.1:${shim.metricsPort}/metrics`)).text();
  const envoy = await tailnet.envoy(sidecarOf(shim));
  await hostsToBe(envoy, new Map([[a, { healthy: true }]]));
  await expect.poll(() => sharesAt(tailnet.entry, 100)).toEqual({ failed: 0, a: 100 });
  expect(await metrics()).toMatch(/function="endpoints",result="ok",place="remote"\} [1-9]/);

  edge.set('hang');
  await tailnet.write([tailnet.device(a, 'tag:weight-1'), tailnet.device(b, 'tag:weight-1')]);
  await hostsToBe(envoy, new Map([a, b].map((server) => [server, { healthy: true }])));
  await expect
    .poll(() => sharesAt(tailnet.entry, 1000))
    .toEqual({
      failed: 0,
      a: expect.closeTo(50, -1),
      b: expect.closeTo(50, -1),
    });
  expect(await metrics()).toMatch(/function="endpoints",result="ok",place="fallback"\} [1-9]/);

  edge.set('well');
  await waitFor('the probe', async () =>
    (await metrics()).includes(`tailway_function_circuit_open{function="endpoints",url="${edge.url}"} 0`)
      ? true
      : undefined,
  );
  const before = edge.calls.get('ComputeEndpoints') ?? 0;
  await tailnet.write([tailnet.device(a, 'tag:weight-1'), tailnet.device(b, 'tag:weight-3')]);
  await hostsToBe(
    envoy,
    new Map([
      [a, { region: 'tag:weight-1' }],
      [b, { region: 'tag:weight-3' }],
    ]),
  );
  expect(edge.calls.get('ComputeEndpoints')).toBeGreaterThan(before);
});
