import { describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createGreeterClient, greet, startGreeter } from './greeter.ts';
import { sampleBound } from './sample-bound.ts';
import { createTestTailnet } from './test-tailnet.ts';

const calls = 2000;

/** Two hosts share a locality of eight times the weight. */
const expected = { west: 1 / 9, 'east-1': 4 / 9, 'east-2': 4 / 9 };

/** The least number of places on a ring, which are not equally far from each other. */
const ringSize = 1024;

describe('a gRPC client that resolves xds:///', () => {
  it.each([
    { policy: 'round-robin', args: [] },
    { policy: 'least-request', args: ['--slow-start=1s', '--panic-threshold=0'] },
    { policy: 'ring-hash', args: ['--hash-header=x-user'] },
    { policy: 'maglev', args: ['--hash-header=x-user'] },
    { policy: 'random', args: ['--panic-threshold=30'] },
  ])('balances by the weights of localities with $policy', async ({ policy, args }) => {
    await using tailnet = await createTestTailnet();
    const greeters = await Promise.all(Object.keys(expected).map((name) => startGreeter(tailnet, name)));
    await tailnet.write(
      greeters.map(({ host, port }) => ({
        nodeId: host,
        addresses: ['127.0.0.1'],
        authorized: true,
        tags: [host === 'west' ? 'tag:weight-1' : 'tag:weight-8'],
        attributes: { 'custom:lb-port': port },
      })),
    );
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`, `--lb-policy=${policy}`, ...args]);
    const client = await createGreeterClient(tailnet, shim.xdsPort);
    await waitFor('every greeter', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => greet(client, { 'x-user': `first-${i}` })),
      );
      return new Set(answers).size === greeters.length ? true : undefined;
    });

    const counts = new Map<string, number>();
    for (let user = 0; user < calls; user++) {
      const host = await greet(client, { 'x-user': `user-${user}` });
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    const again = await Promise.all(Array.from({ length: 20 }, () => greet(client, { 'x-user': 'always-me' })));
    // 20 calls by weights all go to one host in one run of ten million.
    expect(new Set(again).size === 1).toBe(policy === 'ring-hash');

    const samples = policy === 'ring-hash' ? 1 / (1 / calls + 1 / ringSize) : calls;
    for (const [host, share] of Object.entries(expected)) {
      const off = Math.abs((counts.get(host) ?? 0) / calls - share);
      expect(off, `${host}: ${counts.get(host)} of ${calls}`).toBeLessThan(sampleBound(share, samples));
    }
    expect(shim.log().filter(({ message }) => message.includes('refused'))).toEqual([]);
  });
});
