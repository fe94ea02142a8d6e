import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShimProcess } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { EchoServer } from '../envoy/echo-server.ts';
import type { EnvoyGateway } from './envoy-gateway.ts';
import { seenAt, untilSeen } from './gateway-client.ts';
import { catchAllTo, endpointTo, endpointsOf, gatewayOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';

const revisionKind = { apiVersion: 'gateway.tailscale.com/v1alpha1', kind: 'TailscaleGatewayRevision' };

describe('a gateway on an API server', () => {
  let cluster: TestCluster;
  let shim: ShimProcess;
  let envoyGateway: EnvoyGateway;
  let own: EchoServer;
  let web: EchoServer;

  beforeEach(async () => {
    cluster = await startTestCluster();
    [own, web] = [await cluster.upstream('own'), await cluster.upstream('web')];
    shim = await cluster.shim();
    envoyGateway = await cluster.envoyGateway();
    await cluster.kubectl.apply(
      gatewayOf(cluster.gatewayPort),
      ...catchAllTo(own.port),
      endpointsOf('example', [endpointTo('web', web)]),
    );
    await untilSeen(cluster.gatewayPort, '/api/web/x', { name: 'web' });
  });
  afterEach(async () => cluster[Symbol.asyncDispose]());

  /** Asks all the time; tells what was no answer of `name`. */
  function watchAnswers(path: string, name: string): { stop(): Promise<readonly unknown[]> } {
    const others: unknown[] = [];
    let stopped = false;
    const asking = (async () => {
      while (!stopped) {
        const seen = await seenAt(cluster.gatewayPort, path).catch((err: unknown) => err);
        const isExpected = typeof seen === 'object' && seen !== null && 'name' in seen && seen.name === name;
        if (!isExpected) others.push(seen);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    return {
      async stop() {
        stopped = true;
        await asking;
        return others;
      },
    };
  }

  it('serves through a restart of the shim, and follows what changed while it was away', async () => {
    const { kubectl, gatewayPort: port } = cluster;
    const answers = watchAnswers('/api/web/x', 'web');
    await shim.process.stop();
    const next = await cluster.upstream('next');
    await kubectl.apply(endpointsOf('more', [endpointTo('more', next)]));
    // Envoy Gateway translates, and waits for the hooks.
    await kubectl.apply(...catchAllTo(next.port));
    shim = await cluster.shim();
    await untilSeen(port, '/api/more/x', { name: 'next' });
    await untilSeen(port, '/', { name: 'next' });
    expect(await answers.stop()).toEqual([]);
  });

  it('serves through a shim that is killed and comes back with nothing changed', async () => {
    const answers = watchAnswers('/api/web/x', 'web');
    await shim.process.stop('SIGKILL');
    shim = await cluster.shim();
    await waitFor('the shim to be ready', async () => {
      const { ok } = await fetch(`http://127.0.0.1:${shim.healthPort}/readyz`);
      return ok || undefined;
    });
    await cluster.kubectl.apply(endpointsOf('more', [endpointTo('more', web)]));
    await untilSeen(cluster.gatewayPort, '/api/more/x', { name: 'web' });
    expect(await answers.stop()).toEqual([]);
  });

  it('serves the same after a restart of Envoy Gateway', async () => {
    await envoyGateway.restart();
    await untilSeen(cluster.gatewayPort, '/api/web/x', { name: 'web', path: '/x' });
    await untilSeen(cluster.gatewayPort, '/', { name: 'own' });
    expect(await seenAt(cluster.gatewayPort, '/api/web/x')).toMatchObject({ name: 'web' });
    await cluster.kubectl.delete(endpointsOf('example', []));
    await untilSeen(cluster.gatewayPort, '/api/web/x', { name: 'own' });
  });

  it('serves through a restart of the API server, and follows afterwards', async () => {
    const { kubectl, apiServer, gatewayPort: port } = cluster;
    const answers = watchAnswers('/api/web/x', 'web');
    await apiServer.pause();
    await waitFor('the shim to notice', () => shim.log().find(({ level }) => level === 'warn'));
    const { status } = await fetch(`http://127.0.0.1:${shim.healthPort}/readyz`);
    expect(status).toBe(200);
    await apiServer.resume();
    const next = await cluster.upstream('next');
    await kubectl.apply(endpointsOf('more', [endpointTo('more', next)]));
    // The watches of Envoy Gateway itself take their time to come back.
    await untilSeen(port, '/api/more/x', { name: 'next' }, 120_000);
    expect(await answers.stop()).toEqual([]);
  });

  it('has a revision for each Gateway while something is injected, and leaves those of others alone', async () => {
    const { kubectl } = cluster;
    const revisions = () => kubectl.list(revisionKind);
    const [first] = await waitFor('the revision', async () => {
      const found = await revisions();
      return found.length > 0 ? found : undefined;
    });
    expect(first).toMatchObject({
      metadata: {
        name: 'gateway',
        namespace: 'default',
        labels: { 'app.kubernetes.io/managed-by': 'tailway' },
        ownerReferences: [{ kind: 'Gateway', name: 'gateway' }],
      },
      spec: {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gateway' }],
        revision: expect.stringMatching(/^[0-9a-f]{16,64}$/),
      },
    });
    const foreign = {
      ...revisionKind,
      metadata: { name: 'another', namespace: 'default' },
      spec: { targetRefs: [{ kind: 'Gateway', name: 'another' }], revision: 'ab' },
    };
    await kubectl.apply(foreign, gatewayOf(cluster.gatewayPort + 1, 'another'));
    await waitFor('the foreign object to be noticed', () =>
      shim.log().find(({ message }) => message === 'leaves a revision alone that others own'),
    );
    await kubectl.delete(endpointsOf('example', []));
    await waitFor('the revision to go', async () => ((await revisions()).length === 1 ? true : undefined));
    expect(await kubectl.get(foreign)).toMatchObject({ spec: { revision: 'ab' } });
  });
});
