import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createKubernetesSource } from '../../shim/kubernetes/kubernetes-source.ts';
import { type StatusWriter, createStatusWriter } from '../../shim/kubernetes/status-writer.ts';
import { systemClock as clock } from '../../shim/timing/clock.ts';
import { createFakeLog } from '../../shim/telemetry/fake-log.ts';
import type { Manifest } from './kubectl.ts';
import { endpointTo, endpointsOf, namespaceOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';

describe('statuses on a real API server', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startTestCluster();
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  const random = () => Math.random();

  /** A replica: it observes, and writes while it leads. */
  function replica() {
    const log = createFakeLog();
    const { client } = cluster.apiServer;
    const end = new AbortController();
    let term = new AbortController();
    let writing = Promise.resolve();
    const writer: StatusWriter = createStatusWriter({ client, clock, random, log, perSecond: 100 });
    const source = createKubernetesSource({
      client,
      namespaces: ['default'],
      clock,
      random,
      log,
      observe: writer.observe,
    });
    const reading = source.run({ changed() {}, synced() {}, failed() {} }, end.signal);
    const each = {
      writer,
      log,
      lead() {
        term = new AbortController();
        writing = writer.run(term.signal);
      },
      async stop() {
        term.abort();
        await writing;
        end.abort();
        await reading;
      },
    };
    cluster.defer(() => each.stop());
    return each;
  }

  function accepted(name: string, uid: string, status: 'True' | 'False', more: object = {}) {
    const condition = { type: 'Accepted', status, reason: 'Accepted', message: 'All is well.', observedGeneration: 1 };
    return {
      resource: { kind: 'TailscaleEndpoints', namespace: 'default', name, uid },
      status: { conditions: [condition], totalEndpoints: 1, ...more },
    } as const;
  }

  async function create(name: string): Promise<Manifest & { metadata: { uid: string } }> {
    await cluster.kubectl.apply(endpointsOf(name, [endpointTo(name, { port: 80 })]));
    const created = await cluster.kubectl.get(endpointsOf(name, []));
    return created as Manifest & { metadata: { uid: string } };
  }

  const statusOf = async (name: string) =>
    (await cluster.kubectl.get(endpointsOf(name, [])))?.['status'] as
      | {
          conditions: readonly { status: string; lastTransitionTime: string }[];
          totalEndpoints?: number;
          lastSync?: string;
        }
      | undefined;

  const written = (name: string, is: (status: NonNullable<Awaited<ReturnType<typeof statusOf>>>) => boolean) =>
    waitFor(`the status of ${name}`, async () => {
      const status = await statusOf(name);
      return status !== undefined && is(status) ? status : undefined;
    });

  it('are written once, and again only when they say something else', async () => {
    const { metadata } = await create('once');
    const { writer, lead, stop } = replica();
    lead();
    writer.desire([accepted('once', metadata.uid, 'True', { lastSync: '2026-01-01T00:00:00Z' })]);
    const first = await written('once', ({ totalEndpoints }) => totalEndpoints === 1);
    const before = await cluster.kubectl.get(endpointsOf('once', []));

    // The same, and the same with another time, are no reason to write.
    writer.desire([accepted('once', metadata.uid, 'True', { lastSync: '2026-01-01T00:00:00Z' })]);
    writer.desire([accepted('once', metadata.uid, 'True', { lastSync: '2026-01-01T00:01:00Z' })]);
    const other = await create('other');
    writer.desire([
      accepted('once', metadata.uid, 'True', { lastSync: '2026-01-01T00:02:00Z' }),
      accepted('other', other.metadata.uid, 'True'),
    ]);
    await written('other', ({ totalEndpoints }) => totalEndpoints === 1);
    expect(await cluster.kubectl.get(endpointsOf('once', []))).toEqual(before);

    writer.desire([accepted('once', metadata.uid, 'True', { totalEndpoints: 2 })]);
    const second = await written('once', ({ totalEndpoints }) => totalEndpoints === 2);
    expect(second.conditions[0]?.lastTransitionTime).toBe(first.conditions[0]?.lastTransitionTime);
    expect(second.lastSync).toBeUndefined();
    await stop();
  });

  it('are taken over by the next leader without a write', async () => {
    const { metadata } = await create('taken-over');
    const [a, b] = [replica(), replica()];
    const desired = accepted('taken-over', metadata.uid, 'False');
    a.writer.desire([desired]);
    b.writer.desire([desired]);
    a.lead();
    await written('taken-over', () => true);
    const before = await cluster.kubectl.get(endpointsOf('taken-over', []));
    await a.stop();
    b.lead();
    const next = await create('next');
    b.writer.desire([desired, accepted('next', next.metadata.uid, 'True')]);
    await written('next', () => true);
    expect(await cluster.kubectl.get(endpointsOf('taken-over', []))).toEqual(before);

    b.writer.desire([accepted('taken-over', metadata.uid, 'True')]);
    await written('taken-over', ({ conditions }) => conditions[0]?.status === 'True');
    await b.stop();
  });

  it('never land on another resource of the same name', async () => {
    const { metadata } = await create('again');
    await cluster.kubectl.delete(endpointsOf('again', []));
    const next = await create('again');
    const { writer, lead, stop } = replica();
    lead();
    writer.desire([accepted('again', metadata.uid, 'True')]);
    const other = await create('later');
    writer.desire([accepted('later', other.metadata.uid, 'True'), accepted('again', metadata.uid, 'False')]);
    await written('later', () => true);
    expect(await statusOf('again')).toBeUndefined();
    writer.desire([accepted('again', next.metadata.uid, 'True')]);
    await written('again', () => true);
    await stop();
  });

  it('of what the API server refuses are told once, and harm no others', async () => {
    const { metadata } = await create('refused');
    const { writer, log, lead, stop } = replica();
    lead();
    const refused = accepted('refused', metadata.uid, 'True', { totalEndpoints: 'none' });
    const other = await create('beside');
    writer.desire([refused, accepted('beside', other.metadata.uid, 'True')]);
    await written('beside', () => true);
    writer.desire([refused, accepted('beside', other.metadata.uid, 'False')]);
    await written('beside', ({ conditions }) => conditions[0]?.status === 'False');
    expect(log.messages('warn')).toEqual(['cannot write a status']);
    expect(log.lines[0]?.fields).toMatchObject({ namespace: 'default', name: 'refused' });
    await stop();
  });

  it('and resources of other namespaces than the chosen do not count', async () => {
    const { client } = cluster.apiServer;
    const { kubectl } = cluster;
    await kubectl.apply(namespaceOf('chosen'), namespaceOf('left-out'));
    await kubectl.apply(endpointsOf('in', [endpointTo('in', { port: 80 })], 'chosen'));
    await kubectl.apply(endpointsOf('out', [endpointTo('out', { port: 80 })], 'left-out'));
    const names: string[] = [];
    const end = new AbortController();
    const synced = Promise.withResolvers<void>();
    const source = createKubernetesSource({ client, namespaces: ['chosen'], clock, random, log: createFakeLog() });
    const running = source.run(
      {
        changed(changes) {
          for (const change of changes) if (change.kind === 'set') names.push(change.resource.name);
        },
        synced: synced.resolve,
        failed() {},
      },
      end.signal,
    );
    await synced.promise;
    // The class has no namespace.
    expect(names.toSorted()).toEqual(['eg', 'in']);
    end.abort();
    await running;
  });
});
