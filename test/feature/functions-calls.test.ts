import { expect, it } from 'vitest';
import { registerFunctions } from '../../functions/all-functions.ts';
import { serveFunctions } from '../../functions/serving/node.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { ShimStatus } from '../../shim/admin/shim-status.ts';
import { edgeDevice, selectorResource, startEdgeShim } from '../edge-faults/edge-shim.ts';
import { startFaultyEdge } from '../edge-faults/faulty-edge.ts';

const groups = 1000;

it('one device among a thousand groups costs a call for its group, and one for the sidecars of all devices', async () => {
  const server = await serveFunctions({ bindAddress: '127.0.0.1', port: 0, routes: registerFunctions });
  try {
    await using edge = await startFaultyEdge(server.url);
    // Three devices for each group, and none without a group.
    const devices = Array.from({ length: groups * 3 }, (_, i) =>
      edgeDevice(i, [`tag:service-${i % groups}`, 'tag:weight-1']),
    );
    const resources = Array.from({ length: groups }, (_, i) => selectorResource(`service-${i}`, `tag:service-${i}`));
    await using shim = await startEdgeShim(edge.url, {
      args: ['--functions-timeout=10s', '--discovery-tags=tag:weight-1'],
      devices,
      resources,
    });
    const group = shim.follow('default/service-7/service-7');
    await waitFor('all clusters', async () => ((await shim.injectedClusters()).length === groups ? true : undefined));
    const [first, ...others] = [7, 1007, 2007].flatMap((n) => edgeDevice(n).addresses);
    await group.toBe([first ?? '', ...others].toSorted());
    // All groups and that of the sidecars: nothing is under way any more.
    const groupsOf = async () => {
      const answer = await fetch(`http://127.0.0.1:${shim.process.metricsPort}/status?limit=1`);
      return ((await answer.json()) as ShimStatus).groups.total;
    };
    await expect.poll(groupsOf).toBe(groups + 1);
    const before = { calls: edge.calls.get('ComputeEndpoints') ?? 0, received: edge.received.length };

    await shim.devices(
      devices.with(7, { ...edgeDevice(7, ['tag:service-7', 'tag:weight-1']), addresses: ['100.65.0.7'] }),
    );
    await group.toBe(['100.65.0.7', ...others].toSorted());
    // One for its group; the sidecars' group has all devices, more than one call should hold, and goes in one of its own.
    await expect.poll(() => (edge.calls.get('ComputeEndpoints') ?? 0) - before.calls).toBe(2);
    const sizes = edge.received.slice(before.received).map(({ body }) => body.length);
    expect(sizes.toSorted((a, b) => a - b)[0]).toBeLessThan(1000);
    expect(edge.calls.get('ComputeClusters')).toBeLessThanOrEqual(10);
    expect(await shim.metrics()).not.toContain('place="fallback"');
  } finally {
    await server.close();
  }
});
