import { Agent, get } from 'node:http';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { Simulation } from '../../shim/admin/simulation.ts';
import { sampleBound } from './sample-bound.ts';
import { createTestTailnet, hostsToBe, sidecarOf } from './test-tailnet.ts';

const requests = 2000;

/** The least number of places on Envoy's ring, which are not equally far from each other. */
const ringSize = 1024;

/** Who answers how often, each time with another key; `none` for Envoy itself. One at a time, so that nobody has load. */
async function measure(entry: URL): Promise<ReadonlyMap<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const counts = new Map<string, number>();
  for (let user = 0; user < requests; user++) {
    const text = await new Promise<string>((resolve, reject) => {
      const req = get(entry, { agent, headers: { 'x-user': `user-${user}` } }, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () => resolve(Buffer.concat(chunks).toString()));
        res.on('error', reject);
      });
      req.on('error', reject);
    });
    // Who is unhealthy says so in an answer of its own.
    const host = /^(?:Hello from |\[)([\w-]+)(?:! in |\] is unhealthy)/.exec(text)?.[1] ?? 'none';
    counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  agent.destroy();
  return counts;
}

/** What was measured and is not as predicted. */
function findOff(
  predicted: ReadonlyMap<string, number>,
  measured: ReadonlyMap<string, number>,
  policy: string,
): readonly (readonly [name: string, share: number])[] {
  const samples = policy === 'ring-hash' ? 1 / (1 / requests + 1 / ringSize) : requests;
  const served = [...predicted.values()].some((share) => share > 0);
  return [...predicted, ['none', served ? 0 : 1] as const].filter(([name, share]) => {
    const distance = Math.abs((measured.get(name) ?? 0) / requests - share);
    return share === 0 || share === 1 ? distance > 0 : distance > sampleBound(share, samples);
  });
}

const policies = ['round-robin', 'least-request', 'ring-hash', 'maglev', 'random'] as const;
const thresholds = [0, 50, 100] as const;

/** By which hosts are down; 3 of 4 healthy hosts are enough whatever the threshold, 2 of 4 are not for 100. */
const scenarios = [[], ['west-1'], ['west-1', 'east-1'], ['west-1', 'west-2', 'east-1'], ['*']] as const;

describe.each(policies)('the shares that a shim predicts with %s', (policy) => {
  it.each(thresholds)('are those of a real Envoy with a panic threshold of %i', async (threshold) => {
    await using tailnet = await createTestTailnet();
    const names = ['west-1', 'west-2', 'east-1', 'east-2'];
    const servers = await Promise.all(names.map((name) => tailnet.server(name, name.slice(0, 4))));
    await tailnet.write(
      servers.map((server) =>
        tailnet.device(server, server.locality === 'west' ? 'tag:weight-1' : 'tag:weight-2', {
          attributes: { 'custom:lb-port': server.port, ...(server.host === 'east-1' ? { 'custom:lb-weight': 3 } : {}) },
        }),
      ),
    );
    const shim = await tailnet.shim([
      `--devices=${tailnet.devicesFile}`,
      `--lb-policy=${policy}`,
      `--panic-threshold=${threshold}`,
      ...(policy === 'ring-hash' || policy === 'maglev' ? ['--hash-header=x-user'] : []),
    ]);
    const envoy = await tailnet.envoy(sidecarOf(shim));

    for (const scenario of scenarios) {
      const isDown = (name: string) => scenario.some((down) => down === name || down === '*');
      for (const { host, port } of servers) {
        await fetch(`http://127.0.0.1:${port}/${isDown(host) ? 'unhealthy' : 'healthy'}`);
      }
      await hostsToBe(envoy, new Map(servers.map((server) => [server, { healthy: !isDown(server.host) }])));
      await waitFor('Envoy to listen', () => fetch(tailnet.entry).then(() => true));
      const down = names.filter(isDown).map((name) => `down=${name}`);
      const answer = await fetch(`http://127.0.0.1:${shim.metricsPort}/simulate?${down.join('&')}`);
      const [group] = ((await answer.json()) as Simulation).groups;
      const endpoints = (group?.localities ?? []).flatMap((locality) => locality.endpoints);
      const predicted = new Map(endpoints.map(({ device, after }) => [device.split('.')[0] ?? '', after]));
      expect([...predicted.keys()].toSorted()).toEqual(names.toSorted());

      // Requests follow up to a second after Envoy's admin interface; a prediction that is wrong stays wrong.
      await expect
        .poll(async () => findOff(predicted, await measure(tailnet.entry), policy), {
          message: `${scenario.join(', ')} down`,
        })
        .toEqual([]);
    }
  });
});
