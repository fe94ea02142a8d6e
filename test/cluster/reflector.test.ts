import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { createKubeClient } from '../../shim/kubernetes/kube-client.ts';
import { loadKubeConfig } from '../../shim/kubernetes/kube-config.ts';
import { createReflector } from '../../shim/kubernetes/reflector.ts';
import { systemClock as clock } from '../../shim/timing/clock.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { type Kubectl, createKubectl } from './kubectl.ts';
import { startMirror } from './mirror.ts';
import { createStops } from './stops.ts';
import { startTcpProxy } from './tcp-proxy.ts';

describe('a reflector on a real API server', () => {
  const stops = createStops();
  let apiServer: ApiServer;
  let kubectl: Kubectl;

  beforeAll(async () => {
    apiServer = await startApiServer(await stops.folder(), inject('peers'));
    stops.defer(() => apiServer.stop());
    kubectl = createKubectl(apiServer.client);
  });
  afterAll(() => stops[Symbol.asyncDispose]());

  async function namespace(name: string): Promise<string> {
    await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  }

  const configMap = (namespace: string, name: string, value = '1') => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name },
    data: { value },
  });

  const mirrorOf = (namespace: string, client = apiServer.client) => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const mirror = startMirror(createReflector({ client, path, clock, random: () => 0, missingHoldMs: 1000 }));
    stops.defer(() => mirror.stop());
    return mirror;
  };

  const toBe = (mirror: ReturnType<typeof mirrorOf>, expected: Readonly<Record<string, string>>) =>
    waitFor('the mirror', () => {
      expect(Object.fromEntries(mirror.values)).toEqual(expected);
      return true;
    });

  it('tells what there is in one call, then each change', async () => {
    const ns = await namespace('changes');
    await kubectl.apply(configMap(ns, 'a'), configMap(ns, 'b'));
    const mirror = mirrorOf(ns);
    await waitFor('the first sync', () => mirror.synced || undefined);
    expect(Object.fromEntries(mirror.values)).toEqual({ a: '1', b: '1' });
    expect(mirror.calls).toHaveLength(1);

    await kubectl.apply(configMap(ns, 'a', '2'), configMap(ns, 'c'));
    await kubectl.delete(configMap(ns, 'b'));
    await toBe(mirror, { a: '2', c: '1' });
    expect(mirror).toMatchObject({ synced: 1, failures: [] });
  });

  it('is synced where there is nothing', async () => {
    const mirror = mirrorOf(await namespace('empty'));
    await waitFor('the first sync', () => mirror.synced || undefined);
    expect(mirror.calls).toEqual([]);
  });

  it('reads large collections page by page or streamed, in full', async () => {
    const ns = await namespace('many');
    const names = Array.from({ length: 600 }, (_, i) => `each-${i}`);
    await Promise.all(names.map((name) => kubectl.apply(configMap(ns, name))));
    const streamed = mirrorOf(ns);
    const { client } = apiServer;
    const listed = mirrorOf(ns, {
      ...client,
      // As an API server of before 1.32 answers.
      async *watch(request) {
        if (request.query?.['sendInitialEvents'] === 'true') {
          const { sendInitialEvents: _, resourceVersionMatch: __, ...query } = request.query;
          yield* client.watch({ ...request, query: { ...query, resourceVersionMatch: 'Exact' } });
        } else {
          yield* client.watch(request);
        }
      },
    });
    const expected = Object.fromEntries(names.map((name) => [name, '1']));
    await toBe(streamed, expected);
    await toBe(listed, expected);
    await kubectl.delete(configMap(ns, 'each-0'));
    await waitFor('both to follow', () => (streamed.values.size === 599 && listed.values.size === 599) || undefined);
    expect(listed).toMatchObject({ synced: 1, failures: [] });
  });

  it('keeps what it knows while the API server is away, and finds what went meanwhile', async () => {
    const ns = await namespace('away');
    await kubectl.apply(configMap(ns, 'stays'), configMap(ns, 'goes'));
    const proxy = await startTcpProxy(apiServer.port);
    stops.defer(() => proxy.close());
    const credentials = await loadKubeConfig({ kubeconfig: apiServer.kubeconfig, environment: {} });
    if (credentials === undefined) throw new Error('no credentials');
    const mirror = mirrorOf(
      ns,
      createKubeClient({ ...credentials, server: new URL(`https://127.0.0.1:${proxy.port}`) }),
    );
    await toBe(mirror, { stays: '1', goes: '1' });

    proxy.cut();
    await kubectl.delete(configMap(ns, 'goes'));
    await kubectl.apply(configMap(ns, 'comes'));
    await waitFor('the failure', () => mirror.failures[0]);
    expect(Object.fromEntries(mirror.values)).toEqual({ stays: '1', goes: '1' });
    // A restarted API server does not know the history from before: the position is refused (410).
    await apiServer.pause();
    await apiServer.resume();
    proxy.mend();
    await toBe(mirror, { stays: '1', comes: '1' });
    expect(mirror).toMatchObject({ synced: 1, recovered: 1 });
    expect(proxy.connections()).toBeLessThan(5);
  });

  it('waits for a collection that is not known yet', async () => {
    const path = '/apis/tests.tailway.dev/v1/things';
    const { client } = apiServer;
    const mirror = startMirror(createReflector({ client, path, clock, random: () => 0, missingHoldMs: 300 }));
    stops.defer(() => mirror.stop());
    await waitFor('a collection that is missing for long to count as empty', () => mirror.synced || undefined);
    expect(mirror.failures).toEqual([`the API server does not know ${path}: is its CRD installed?`]);

    await kubectl.apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.tests.tailway.dev' },
      spec: {
        group: 'tests.tailway.dev',
        names: { kind: 'Thing', plural: 'things' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    });
    const thing = {
      apiVersion: 'tests.tailway.dev/v1',
      kind: 'Thing',
      metadata: { name: 'one' },
      data: { value: '1' },
    };
    await waitFor('the kind to be served', () => kubectl.apply(thing).then(() => true));
    await toBe(mirror, { one: '1' });
  });

  it('says that it may not read, and reads once it may', async () => {
    const ns = await namespace('forbidden');
    await kubectl.apply(configMap(ns, 'a'));
    const credentials = await loadKubeConfig({ kubeconfig: apiServer.kubeconfigOf('tester'), environment: {} });
    if (credentials === undefined) throw new Error('no credentials');
    const mirror = mirrorOf(ns, createKubeClient(credentials));
    await waitFor('the failure', () => mirror.failures[0]);
    expect(mirror.failures[0]).toMatch(/answered 403: .*cannot watch resource "configmaps"/);
    expect(mirror.synced).toBe(0);

    const rbac = 'rbac.authorization.k8s.io';
    await kubectl.apply(
      {
        apiVersion: `${rbac}/v1`,
        kind: 'Role',
        metadata: { namespace: ns, name: 'reader' },
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { namespace: ns, name: 'reader' },
        roleRef: { apiGroup: rbac, kind: 'Role', name: 'reader' },
        subjects: [{ apiGroup: rbac, kind: 'Group', name: 'testers' }],
      },
    );
    await toBe(mirror, { a: '1' });
    expect(mirror.recovered).toBe(1);
  });
});
