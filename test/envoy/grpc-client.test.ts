import type { Client } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createGreeterClient, greet, startGreeter } from './greeter.ts';
import { createTestTailnet } from './test-tailnet.ts';

async function shares(client: Client, calls: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < calls; i++) {
    const name = await greet(client);
    counts[name] = (counts[name] ?? 0) + 100 / calls;
  }
  return counts;
}

describe('a gRPC client that resolves xds:///', () => {
  it('balances by the weights, and follows a change', async () => {
    await using tailnet = await createTestTailnet();
    const greeters = await Promise.all(['west', 'east'].map((name) => startGreeter(tailnet, name)));
    const devices = greeters.map(({ host, port }, index) => ({
      nodeId: host,
      addresses: ['127.0.0.1'],
      authorized: true,
      tags: [`tag:weight-${index + 1}`],
      attributes: { 'custom:lb-port': port },
    }));
    await tailnet.write(devices);
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`]);
    const client = await createGreeterClient(tailnet, shim.xdsPort);

    await waitFor('the first answer', () => greet(client));
    // The client draws at random: a point off is one standard deviation, and six of them are allowed.
    expect(await shares(client, 2000)).toEqual({
      west: expect.closeTo(100 / 3, -1.1),
      east: expect.closeTo(200 / 3, -1.1),
    });
    await tailnet.write(devices.slice(1));
    await waitFor('the change', async () => {
      const now = await shares(client, 20);
      return now['west'] === undefined ? true : undefined;
    });
  });
});
