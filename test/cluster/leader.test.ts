import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createEventWriter } from '../../shim/kubernetes/event-writer.ts';
import { createKubeClient } from '../../shim/kubernetes/kube-client.ts';
import { loadKubeConfig } from '../../shim/kubernetes/kube-config.ts';
import { createLeaderLease } from '../../shim/kubernetes/leader-lease.ts';
import { systemClock as clock } from '../../shim/timing/clock.ts';
import { createFakeLog } from '../../shim/telemetry/fake-log.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { type Kubectl, createKubectl } from './kubectl.ts';
import { createStops } from './stops.ts';
import { startTcpProxy } from './tcp-proxy.ts';

describe('what only the leader does, on a real API server', () => {
  const stops = createStops();
  let apiServer: ApiServer;
  let kubectl: Kubectl;

  beforeAll(async () => {
    apiServer = await startApiServer(await stops.folder(), inject('peers'));
    stops.defer(() => apiServer.stop());
    kubectl = createKubectl(apiServer.client);
  });
  afterAll(() => stops[Symbol.asyncDispose]());

  /** A replica that counts its terms. */
  function replica(name: string, identity: string, durationMs: number, client = apiServer.client) {
    const end = new AbortController();
    const state = { leads: false, terms: 0 };
    const log = createFakeLog();
    const lease = createLeaderLease({ client, namespace: 'default', name, identity, clock, log, durationMs });
    const running = lease.run(async (signal) => {
      state.leads = true;
      state.terms += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      state.leads = false;
    }, end.signal);
    const stop = () => {
      end.abort();
      return running;
    };
    stops.defer(stop);
    return { state, stop, log };
  }

  const leads = (each: { readonly state: { readonly leads: boolean } }) =>
    waitFor('the replica to lead', () => each.state.leads || undefined);

  it('lets one of two replicas lead, and the other take over at once when that one ends', async () => {
    // So long that it ends only by being given back.
    const [a, b] = [replica('takeover', 'a', 12_000), replica('takeover', 'b', 12_000)];
    const first = await waitFor('a leader', () => [a, b].find(({ state }) => state.leads));
    const second = first === a ? b : a;
    expect(second.state.leads).toBe(false);
    const reference = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'takeover' } };
    expect(await kubectl.get(reference)).toMatchObject({
      spec: { holderIdentity: first === a ? 'a' : 'b', leaseDurationSeconds: 12, leaseTransitions: 0 },
    });

    await first.stop();
    expect(first.state.leads).toBe(false);
    await leads(second);
    expect(await kubectl.get(reference)).toMatchObject({
      spec: { holderIdentity: first === a ? 'b' : 'a', leaseTransitions: 1 },
    });
  });

  it('ends the term of a leader who is cut off before another begins its own', async () => {
    const proxy = await startTcpProxy(apiServer.port);
    stops.defer(() => proxy.close());
    const credentials = await loadKubeConfig({ kubeconfig: apiServer.kubeconfig, environment: {} });
    if (credentials === undefined) throw new Error('no credentials');
    const client = createKubeClient({ ...credentials, server: new URL(`https://127.0.0.1:${proxy.port}`) });
    // A sixth of it is the time for a request; the next term begins after it.
    const durationMs = 6000;
    const cutOff = replica('cut-off', 'a', durationMs, client);
    await leads(cutOff);
    const other = replica('cut-off', 'b', durationMs);
    let both = false;
    const watching = setInterval(() => (both ||= cutOff.state.leads && other.state.leads), 1);
    stops.defer(() => clearInterval(watching));

    proxy.cut();
    await leads(other);
    expect(cutOff.state.leads).toBe(false);
    proxy.mend();
    await waitFor('the lease to be reached again', () =>
      cutOff.log.messages('info').includes('reaches the lease again') ? true : undefined,
    );
    expect(both).toBe(false);
    expect(cutOff.state).toEqual({ leads: false, terms: 1 });
  });

  it('writes an Event once, and a count when it is told again', async () => {
    const end = new AbortController();
    const log = createFakeLog();
    const options = { client: apiServer.client, identity: 'shim-0', clock, random: Math.random, log };
    const writer = createEventWriter({ ...options, perSecond: 50, seriesMs: 200 });
    const event = {
      resource: { kind: 'TailscaleEndpoints', namespace: 'default', name: 'web', uid: '1234' },
      type: 'Warning',
      reason: 'Invalid',
      action: 'Convert',
      note: `${'ä'.repeat(600)} is too long`,
    } as const;
    writer.tell({ ...event, note: 'told before anybody runs it' });
    const running = writer.run(end.signal);
    stops.defer(() => {
      end.abort();
      return running;
    });
    for (let i = 0; i < 3; i += 1) writer.tell(event);
    writer.tell({ ...event, type: 'Normal', reason: 'Accepted', note: 'is well' });

    const events = () => kubectl.list({ apiVersion: 'events.k8s.io/v1', kind: 'Event' }, 'default');
    const written = () =>
      waitFor('the Events', async () => {
        const found = await events();
        return found.length === 2 ? found : undefined;
      });
    await written();
    writer.tell(event);
    await waitFor('the count', async () => (await events()).find(({ series }) => isCount(series, 4)));
    expect(await written()).toContainEqual(
      expect.objectContaining({
        type: 'Warning',
        reason: 'Invalid',
        note: `${'ä'.repeat(510)}…`,
        regarding: expect.objectContaining({ kind: 'TailscaleEndpoints', name: 'web', uid: '1234' }),
        series: expect.objectContaining({ count: 4 }),
      }),
    );
    expect(log.lines).toEqual([]);
  });
});

function isCount(series: unknown, count: number): boolean {
  return typeof series === 'object' && series !== null && 'count' in series && series.count === count;
}
