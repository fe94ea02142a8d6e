import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { KubeClient } from '../../shim/kubernetes/kube-client.ts';
import { createKubernetesSource } from '../../shim/kubernetes/kubernetes-source.ts';
import { type RevisionWriter, createRevisionWriter } from '../../shim/kubernetes/revision-writer.ts';
import { systemClock as clock } from '../../shim/timing/clock.ts';
import { createFakeLog } from '../../shim/telemetry/fake-log.ts';
import { gatewayOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';

describe('the revisions of Gateways on a real API server', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startTestCluster();
    for (const name of ['one', 'two', 'three', 'four']) await cluster.kubectl.apply(gatewayOf(80, name));
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  /** A replica that has seen all Gateways. */
  async function replica(
    more: { repairMs?: number } = {},
  ): Promise<RevisionWriter & { stop(): Promise<void>; seen(revision: string): Promise<true> }> {
    const { client: server } = cluster.apiServer;
    const told: unknown[] = [];
    const client: KubeClient = {
      ...server,
      async *watch(request) {
        for await (const events of server.watch(request)) {
          yield events;
          // When more is asked for, these are taken.
          told.push(...events);
        }
      },
    };
    const options = { client, namespaces: [], clock, random: Math.random, log: createFakeLog(), ...more };
    const writer = createRevisionWriter(options);
    const end = new AbortController();
    const synced = Promise.withResolvers<void>();
    const source = createKubernetesSource({ ...options, observe: writer.observe });
    const running = Promise.all([
      source.run({ changed() {}, synced: synced.resolve, failed() {} }, end.signal),
      writer.run(end.signal),
    ]);
    const stop = async () => {
      end.abort();
      await running;
    };
    cluster.defer(stop);
    await synced.promise;
    const seen = (revision: string) =>
      waitFor(`the replica to see ${revision}`, () => JSON.stringify(told).includes(`"${revision}"`) || undefined);
    return { ...writer, stop, seen };
  }

  const reference = (name: string) => ({
    apiVersion: 'gateway.tailscale.com/v1alpha1',
    kind: 'TailscaleGatewayRevision',
    metadata: { name },
  });

  async function revisionOf(name: string): Promise<string | undefined> {
    const found = await cluster.kubectl.get(reference(name));
    return (found?.['spec'] as { revision: string } | undefined)?.revision;
  }

  const toBe = (name: string, revision: string | undefined) =>
    waitFor(`revision ${revision} of ${name}`, async () => (await revisionOf(name)) === revision || undefined);

  const desired = (revision: string, name = 'one') => new Map([[`default/${name}`, revision]]);

  it('come, change and go with what is desired', async () => {
    const { desire, stop } = await replica();
    desire(desired('aa00'));
    await toBe('one', 'aa00');
    const before = await cluster.kubectl.get(reference('one'));
    desire(desired('aa00'));
    desire(new Map([...desired('aa00'), ...desired('bb00', 'two')]));
    await toBe('two', 'bb00');
    expect(await cluster.kubectl.get(reference('one'))).toEqual(before);
    desire(desired('cc00', 'two'));
    await toBe('one', undefined);
    await toBe('two', 'cc00');
    desire(new Map());
    await toBe('two', undefined);
    await stop();
  });

  it('of a former run go, and those that stay are told again', async () => {
    const former = await replica();
    former.desire(new Map([...desired('aa00'), ...desired('bb00', 'two')]));
    await toBe('two', 'bb00');
    await former.stop();

    const { desire, stop } = await replica();
    desire(desired('aa00'));
    // Nobody knows what Envoy Gateway was answered while nobody was there.
    await toBe('one', 'aa001');
    await toBe('two', undefined);
    expect(await revisionOf('one')).toBe('aa001');
    desire(new Map());
    await toBe('one', undefined);
    await stop();
  });

  it('are written once by replicas that agree, and again by one that was late', async () => {
    const [first, second] = [await replica(), await replica()];
    for (const { desire } of [first, second]) desire(desired('aa00', 'three'));
    await toBe('three', 'aa00');
    first.desire(desired('bb00', 'three'));
    await toBe('three', 'bb00');
    // The second has answered hooks out of what was before, meanwhile: its own change asks for another translation.
    await second.seen('bb00');
    second.desire(desired('bb00', 'three'));
    await toBe('three', 'bb001');
    for (const { desire } of [first, second]) desire(desired('cc00', 'three'));
    await toBe('three', 'cc00');
    for (const { stop } of [first, second]) await stop();
    expect(await revisionOf('three')).toBe('cc00');
  });

  it('that others have changed are ours again after a while, and are not written over and over', async () => {
    const { client } = cluster.apiServer;
    const { desire, translation, stop } = await replica({ repairMs: 50 });
    desire(desired('aa00', 'four'));
    await toBe('four', 'aa00');
    const path = '/apis/gateway.tailscale.com/v1alpha1/namespaces/default/tailscalegatewayrevisions/four';
    const edit = (body: object) =>
      client.request({
        method: 'PATCH',
        path,
        query: { fieldManager: 'kubectl-edit' },
        contentType: 'application/merge-patch+json',
        body,
        signal: new AbortController().signal,
      });
    await edit({ spec: { revision: 'mine' } });
    await toBe('four', 'aa00');
    // What only looks like the revision with a number is another one.
    await edit({ spec: { revision: 'aa00-mine' } });
    await toBe('four', 'aa00');
    const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'another' }];
    await edit({ spec: { targetRefs }, metadata: { labels: { 'app.kubernetes.io/managed-by': null } } });
    const mended = await waitFor('the target and the label', async () => {
      const found = await cluster.kubectl.get(reference('four'));
      const metadata = found?.['metadata'] as { labels?: Record<string, string> } | undefined;
      return metadata?.labels?.['app.kubernetes.io/managed-by'] === 'tailway' ? found : undefined;
    });
    expect(mended).toMatchObject({ spec: { revision: 'aa00', targetRefs: [{ name: 'four' }] } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await cluster.kubectl.get(reference('four'))).toEqual(mended);
    expect(translation('default/four')).toEqual({ kind: 'pending' });
    desire(new Map());
    await toBe('four', undefined);
    await stop();
  });
});
