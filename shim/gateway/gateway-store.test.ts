import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { prepareRoutes } from '../../functions/routes/routes.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  ClusterSettingsSchema,
  type ComputeClustersRequest,
  type ComputeClustersResponse,
  GroupEndpoints,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { GroupResultSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { VirtualHostSchema } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import type { CustomResource, CustomResourceChange } from '../custom-resources/resource-source.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createGatewayState } from './gateway-store.ts';

const stores: { close(): void }[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

/** A store on the real function, with what was asked of it. `answer` may fail in its place. */
function start(
  answer: (request: ComputeClustersRequest) => ComputeClustersResponse = computeClusters,
  settings: MessageInitShape<typeof ClusterSettingsSchema> = { xdsTarget: 'dns:///xds:18000' },
) {
  const asked: string[][] = [];
  const groups: string[][] = [];
  const clock = createFakeClock();
  const log = createFakeLog();
  const store = createGatewayState({
    functions: {
      computeClusters: async (request) => {
        asked.push(request.endpoints.map(({ ref }) => `${ref?.namespace}/${ref?.endpoint}`));
        return answer(request);
      },
    },
    clusterSettings: create(ClusterSettingsSchema, settings),
    groupDefaults: {},
    tailnets: ['-'],
    endpointPort: 8080,
    deviceWaitMs: 10_000,
    clock,
    log,
    onGroups: (all) => groups.push(all.map(({ name }) => name)),
  });
  stores.push(store);
  const tell = async (...changes: CustomResourceChange[]) => {
    store.sink.changed(changes);
    await store.settled();
  };
  const sync = async () => {
    store.sink.synced();
    await store.settled();
  };
  const clusters = () => store.clusters.map(({ name, endpoint }) => `${name} ${endpoint.namespace}`);
  return { store, asked, groups, clock, log, tell, sync, clusters };
}

function resource(kind: CustomResource['kind'], place: string, spec: unknown, createdMs = 0): CustomResource {
  const [namespace = '', name = ''] = place.split('/');
  return { kind, namespace, name, uid: '', generation: 0, createdMs, labels: {}, spec, place: '' };
}

const set = (resource: CustomResource): CustomResourceChange => ({ kind: 'set', resource });

const remove = ({ kind, namespace, name }: CustomResource): CustomResourceChange => ({
  kind: 'remove',
  key: { kind, namespace, name },
});

const web = (name: string, more: object = {}) => ({
  name,
  port: 80,
  externalTarget: `${name}.example.com:80`,
  ...more,
});

const endpoints = (place: string, names: readonly string[], createdMs = 0, more: object = {}) =>
  resource('TailscaleEndpoints', place, { endpoints: names.map((name) => web(name, more)) }, createdMs);

const policy = (place: string, spec: object = {}) =>
  resource('TailscaleRoutePolicy', place, { targetRefs: [{ kind: 'Gateway', name: 'eg' }], ...spec });

test('nothing is decided before everything has been told', async () => {
  const { store, tell, sync, asked, clusters } = start();
  let calls = 0;
  store.observe(() => calls++);
  await tell(set(endpoints('a/r', ['web'])));
  expect([store.synced, store.endpoints, asked, calls]).toEqual([false, [], [], 0]);
  await sync();
  expect([store.synced, clusters(), calls]).toEqual([true, ['external-backend-web a'], 1]);
});

test('with no resources at all it is synced', async () => {
  const { store, sync } = start();
  await sync();
  expect(store.synced).toBe(true);
});

test('one more endpoint asks for one more cluster', async () => {
  const { store, tell, sync, asked } = start();
  const names = Array.from({ length: 2000 }, (_, index) => `s-${index}`);
  await tell(...names.map((name) => set(endpoints(`a/${name}`, [name]))));
  await sync();
  expect(asked.flat()).toHaveLength(2000);
  asked.length = 0;
  await tell(set(endpoints('b/one', ['one'])));
  expect(asked).toEqual([['b/one']]);
  expect(store.clusters).toHaveLength(2001);
});

test('unchanged content is no change', async () => {
  const { store, tell, sync, asked } = start();
  await tell(set(endpoints('a/r', ['web'])), set(policy('a/p')));
  await sync();
  let calls = 0;
  store.observe(() => calls++);
  const before = [store.revision, store.endpoints, store.policies, store.clusters];
  asked.length = 0;
  await tell(set(endpoints('a/r', ['web'])), set(policy('a/p')));
  expect([store.revision, store.endpoints, store.policies, store.clusters]).toEqual(before);
  expect(store.endpoints).toBe(before[1]);
  expect(store.clusters).toBe(before[3]);
  expect([asked, calls]).toEqual([[], 0]);
});

test('the loser of a name is named, and takes over when the winner goes', async () => {
  const { tell, sync, asked, clusters, log } = start();
  const winner = endpoints('a/old', ['web'], 1000);
  await tell(set(endpoints('b/new', ['web', 'other'], 2000)), set(winner));
  await sync();
  expect(clusters()).toEqual(['external-backend-other b', 'external-backend-web a', 'external-backend-web.b.new b']);
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { endpoint: 'b/new/web', senior: 'a/old/web' } }]);
  asked.length = 0;
  await tell(remove(winner));
  expect(clusters()).toEqual(['external-backend-other b', 'external-backend-web b']);
  expect(asked).toEqual([['b/web']]);
});

test('a policy touches the endpoints that it is about', async () => {
  const { store, tell, sync, asked } = start();
  await tell(set(endpoints('a/r', ['x', 'y'])), set(endpoints('b/r', ['z'])));
  await sync();
  asked.length = 0;
  const before = store.revision;
  await tell(set(policy('a/p', { endpoints: [{ resource: 'r', endpoint: 'y' }], connectTimeout: '2s' })));
  expect(asked).toEqual([['a/y']]);
  expect(store.policies.map(({ name }) => name)).toEqual(['p']);
  expect(store.revision).not.toBe(before);
  await tell(remove(policy('a/p')));
  expect([store.policies, store.revision]).toEqual([[], before]);
});

test('a refused policy publishes nothing that it was to restrict', async () => {
  const { store, tell, sync } = start();
  await tell(set(endpoints('a/r', ['web', 'db'])), set(endpoints('b/r', ['other'])));
  await tell(set(policy('a/p', { endpoints: [{ resource: 'r', endpoint: 'db' }], pathPrefix: 'no prefix' })));
  await sync();
  const everywhere = prepareRoutes({
    endpoints: [...store.endpoints],
    policies: [...store.policies],
    allowTargets: [],
  })(create(VirtualHostSchema, { name: 'v', domains: ['*'], gatewayNamespace: 'a', gateway: 'eg' }));
  expect(everywhere.injected.map(({ endpoint }) => endpoint?.endpoint)).toEqual(['other', 'web']);
  expect(everywhere.notInjected.map(({ endpoint }) => endpoint?.endpoint)).toEqual(['db']);
});

test('a refused policy of one HTTPRoute restricts nothing', async () => {
  const { store, tell, sync } = start();
  await tell(set(endpoints('a/r', ['web'])));
  await tell(set(policy('a/p', { targetRefs: [{ kind: 'HTTPRoute', name: 'x' }], pathPrefix: 'no prefix' })));
  await sync();
  expect(store.policies).toEqual([]);
});

test('a refused endpoint has neither cluster nor route, is named once, and harms no other', async () => {
  const { store, tell, sync, log, clusters } = start();
  const bad = resource('TailscaleEndpoints', 'a/r', {
    endpoints: [web('web'), web('meta', { externalTarget: '169.254.169.254:80' }), { name: 'no port' }],
  });
  await tell(set(bad));
  await sync();
  expect(clusters()).toEqual(['external-backend-web a']);
  expect(store.endpoints).toHaveLength(1);
  await tell(set(bad));
  const refused = log.lines.map(({ message, fields }) => [message, 'endpoint' in fields ? fields.endpoint : '']);
  expect(refused.filter(([message]) => message === 'refused an endpoint')).toHaveLength(3);
  expect(refused).toContainEqual(['refused an endpoint', 'a/r/meta']);
  expect(
    store.decision({ $typeName: 'tailway.gateway.v1.EndpointRef', namespace: 'a', resource: 'r', endpoint: 'meta' }),
  ).toMatchObject({ kind: 'refused' });
});

test('groups of devices are told before their clusters can be seen', async () => {
  const { store, tell, sync, groups } = start();
  const selecting = resource('TailscaleEndpoints', 'a/r', {
    endpoints: [{ name: 'web', port: 8080, selector: { tags: ['tag:web', 'tag:eu'] } }],
  });
  store.observe(() => groups.push(['revision']));
  await tell(set(selecting), set(endpoints('a/s', ['other'])));
  await sync();
  expect(groups).toEqual([['a/r/web'], ['revision']]);
  expect(store.groups).toMatchObject([{ selectorTags: ['tag:eu', 'tag:web'], port: 8080, untagged: 2 }]);
  await tell(set(endpoints('a/s', ['another'])));
  expect(groups).toEqual([['a/r/web'], ['revision'], ['revision']]);
  await tell(remove(selecting));
  expect(groups.at(-2)).toEqual([]);
});

describe('groups that stand in clusters', () => {
  const startInlined = () => start(computeClusters, { groupEndpoints: GroupEndpoints.INLINE });
  const selecting = (names: readonly string[], tag = 'tag:web') =>
    resource('TailscaleEndpoints', 'a/r', {
      endpoints: names.map((name) => ({ name, port: 8080, selector: { tags: [tag] } })),
    });
  const resultOf = (name: string, ...addresses: string[]) =>
    create(GroupResultSchema, {
      name,
      loadAssignment: {
        clusterName: name,
        endpoints: addresses.map((address) => ({
          lbEndpoints: [
            {
              hostIdentifier: {
                case: 'endpoint',
                value: { address: { address: { case: 'socketAddress', value: { address } } } },
              },
            } as const,
          ],
        })),
      },
    });
  const addressesOf = ({ store }: ReturnType<typeof start>) =>
    store.clusters.map(({ body }) => {
      const { name, loadAssignment } = fromBinary(ClusterSchema, body);
      const hosts = loadAssignment?.endpoints.flatMap(({ lbEndpoints }) => lbEndpoints) ?? [];
      return [name, ...hosts.map(({ hostIdentifier: { value } }) => JSON.stringify(value).match(/[0-9.]{7,}/)?.[0])];
    });

  test('leave the endpoints as they are when their devices change, so that no route is computed again', async () => {
    const { store, tell, sync } = startInlined();
    await tell(set(selecting(['web'])), set(endpoints('a/s', ['other'])));
    await sync();
    store.groupResults([resultOf('a/r/web', '100.64.0.1')]);
    await store.settled();
    const { revision, clusters, endpoints: before } = store;
    store.groupResults([resultOf('a/r/web', '100.64.0.2')]);
    await store.settled();
    expect(store.revision).not.toBe(revision);
    expect(store.clusters).not.toBe(clusters);
    expect(store.endpoints).toBe(before);
    await tell(set(selecting(['web', 'more'])));
    store.groupResults([resultOf('a/r/more', '100.64.0.3')]);
    await store.settled();
    expect(store.endpoints).not.toBe(before);
  });

  test('are waited for at the start', async () => {
    const started = startInlined();
    const { store, tell, sync, groups, asked } = started;
    await tell(set(selecting(['web'])), set(endpoints('a/s', ['other'])));
    await sync();
    expect([store.synced, groups]).toEqual([false, [['a/r/web']]]);
    store.groupResults([resultOf('a/r/web', '100.64.0.1'), resultOf('eds_backend')]);
    await store.settled();
    expect(store.synced).toBe(true);
    expect(addressesOf(started)).toEqual([
      ['external-backend-other', undefined],
      ['external-backend-web', '100.64.0.1'],
    ]);
    expect(asked).toEqual([['a/other'], ['a/web']]);
    expect(groups).toEqual([['a/r/web']]);
  });

  test('are told once, be they waited for or decided, and again when their selectors are others', async () => {
    const { store, tell, sync, groups } = startInlined();
    await tell(set(selecting(['web'])));
    await sync();
    store.groupResults([resultOf('a/r/web', '100.64.0.1')]);
    await store.settled();
    // Its service waits once more, for the group that is new.
    await tell(set(selecting(['web', 'db'])));
    store.groupResults([resultOf('a/r/db', '100.64.0.9')]);
    await store.settled();
    const both = ['a/r/db', 'a/r/web'];
    expect(groups).toEqual([['a/r/web'], both]);
    await tell(set(selecting(['web', 'db'], 'tag:other')));
    expect(groups).toEqual([['a/r/web'], both, both]);
  });

  test('change their clusters, and no others', async () => {
    const started = startInlined();
    const { store, tell, sync, asked } = started;
    await tell(set(selecting(['web', 'db'])));
    await sync();
    const db = resultOf('a/r/db', '100.64.0.9');
    store.groupResults([resultOf('a/r/web', '100.64.0.1'), db]);
    await store.settled();
    const before = store.revision;
    asked.length = 0;
    store.groupResults([resultOf('a/r/web', '100.64.0.1'), db]);
    await store.settled();
    expect([store.revision, asked]).toEqual([before, []]);
    store.groupResults([resultOf('a/r/web', '100.64.0.1', '100.64.0.2'), db]);
    await store.settled();
    expect(asked).toEqual([['a/web']]);
    expect(store.revision).not.toBe(before);
    expect(addressesOf(started)).toEqual([
      ['external-backend-db', '100.64.0.9'],
      ['external-backend-web', '100.64.0.1', '100.64.0.2'],
    ]);
    expect(store.groupAssignments(store.endpoints).map(({ clusterName }) => clusterName)).toEqual([
      'a/r/db',
      'a/r/web',
    ]);
  });

  test('that come later hold up nobody, and those that go are told', async () => {
    const { store, tell, sync, groups, clusters } = startInlined();
    await tell(set(endpoints('a/s', ['other'])));
    await sync();
    await tell(set(selecting(['web'])));
    expect([store.synced, clusters(), groups]).toEqual([true, ['external-backend-other a'], [['a/r/web']]]);
    await tell(remove(selecting(['web'])));
    expect(groups.at(-1)).toEqual([]);
    store.groupResults([resultOf('a/r/web', '100.64.0.1')]);
    await store.settled();
    expect(clusters()).toEqual(['external-backend-other a']);
    // What was told of the former group is not believed of a new one.
    await tell(set(selecting(['web'], 'tag:db')));
    expect(clusters()).toEqual(['external-backend-other a']);
    store.groupResults([resultOf('a/r/web', '100.64.0.2')]);
    await store.settled();
    expect(clusters()).toEqual(['external-backend-other a', 'external-backend-web a']);
  });
});

describe('a function that fails', () => {
  const unavailable = () => {
    throw new ConnectError('away', Code.Unavailable);
  };

  test('and cannot be reached leaves what was decided, and is asked again', async () => {
    let away = false;
    const { store, tell, sync, clock, log, clusters } = start((request) =>
      away ? unavailable() : computeClusters(request),
    );
    await tell(set(endpoints('a/r', ['web'])));
    await sync();
    away = true;
    const before = store.revision;
    await tell(set(endpoints('a/r', ['web', 'more'])));
    expect([store.revision, clusters()]).toEqual([before, ['external-backend-web a']]);
    expect(log.messages('error')).toHaveLength(1);
    away = false;
    clock.advance(1000);
    await store.settled();
    expect(clusters()).toEqual(['external-backend-more a', 'external-backend-web a']);
  });

  test('at the start is waited for', async () => {
    let away = true;
    const { store, tell, sync, clock } = start((request) => (away ? unavailable() : computeClusters(request)));
    await tell(set(endpoints('a/r', ['web'])));
    await sync();
    expect(store.synced).toBe(false);
    away = false;
    clock.advance(1000);
    await store.settled();
    expect(store.synced).toBe(true);
  });

  test('for one service alone harms no other', async () => {
    const { store, tell, sync, clusters } = start((request) => {
      if (request.endpoints.some(({ ref }) => ref?.endpoint === 'b')) throw new Error('a bug');
      return computeClusters(request);
    });
    await tell(set(endpoints('a/r', ['a', 'b', 'c', 'd', 'e'])));
    await sync();
    expect(store.synced).toBe(true);
    expect(clusters()).toEqual(['a', 'c', 'd', 'e'].map((name) => `external-backend-${name} a`));
  });
});

describe('discovery', () => {
  const device = (id: string, more: object = {}) =>
    create(DeviceSchema, { id, name: `${id}.tail1.ts.net`, addresses: ['100.64.0.1'], authorized: true, ...more });
  const discovering = (more: object = {}) =>
    resource('TailscaleEndpoints', 'a/r', { autoDiscovery: { enabled: true, ...more } });

  test('follows the devices', async () => {
    const { store, tell, sync, clusters } = start();
    await tell(set(discovering({ includePatterns: ['web-*'], requiredTags: ['tag:web'] })));
    await sync();
    expect(store.synced).toBe(false);
    store.devices([device('web-1', { tags: ['tag:web'] }), device('web-2'), device('db-1', { tags: ['tag:web'] })]);
    await store.settled();
    expect([store.synced, clusters()]).toEqual([true, ['external-backend-web-1 a']]);
    store.devices([]);
    await store.settled();
    expect(clusters()).toEqual([]);
  });

  test('without devices is not waited for without end', async () => {
    const { store, tell, sync, clock } = start();
    await tell(set(discovering()));
    await sync();
    clock.advance(10_000);
    await store.settled();
    expect(store.synced).toBe(true);
  });

  test('keeps to its interval', async () => {
    const { store, tell, sync, clock, clusters } = start();
    await tell(set(discovering({ syncInterval: '1m' })));
    store.devices([device('one')]);
    await sync();
    expect(clusters()).toEqual(['external-backend-one a']);
    clock.advance(59_000);
    store.devices([device('two')]);
    await store.settled();
    expect(clusters()).toEqual(['external-backend-one a']);
    clock.advance(1000);
    await store.settled();
    expect(clusters()).toEqual(['external-backend-two a']);
  });
});

describe('gateways', () => {
  const gatewayClass = resource('GatewayClass', '/eg', {
    controllerName: 'gateway.envoyproxy.io/gatewayclass-controller',
  });
  const gateway = (place: string, className = 'eg') => resource('Gateway', place, { gatewayClassName: className });

  test('have a revision of what concerns them', async () => {
    const { store, tell, sync } = start();
    await tell(set(gatewayClass), set(gateway('a/eg')), set(gateway('b/eg')), set(gateway('b/foreign', 'nginx')));
    await sync();
    expect(store.gatewayRevisions().size).toBe(0);
    await tell(set(endpoints('a/r', ['web'])));
    const all = store.gatewayRevisions();
    expect([...all.keys()].toSorted()).toEqual(['a/eg', 'b/eg']);
    await tell(set(policy('a/p')));
    const restricted = store.gatewayRevisions();
    expect([...restricted.keys()]).toEqual(['a/eg']);
    expect(restricted.get('a/eg')).not.toBe(all.get('a/eg'));
  });

  test('of another namespace do not change with an endpoint that a policy keeps from them', async () => {
    const { store, tell, sync } = start();
    await tell(set(gatewayClass), set(gateway('a/eg')), set(gateway('b/eg')), set(policy('a/p')), set(policy('b/p')));
    await tell(set(endpoints('a/r', ['web'])), set(endpoints('b/r', ['api'])));
    await sync();
    const before = store.gatewayRevisions();
    await tell(set(endpoints('a/r', ['web', 'more'])));
    const after = store.gatewayRevisions();
    expect(after.get('b/eg')).toBe(before.get('b/eg'));
    expect(after.get('a/eg')).not.toBe(before.get('a/eg'));
  });
});

test('any way to the same resources decides the same', async () => {
  const resources = [
    endpoints('a/r', ['web', 'api'], 1000),
    endpoints('a/r', ['web'], 1000),
    endpoints('b/r', ['web', 'api'], 500),
    endpoints('c/r', ['web'], 1000),
    policy('a/p', { connectTimeout: '2s' }),
    policy('a/p', { endpoints: [{ resource: 'r', endpoint: 'api' }] }),
    policy('c/p', { retry: {} }),
    resource('TailscaleEndpoints', 'd/r', { endpoints: [{ name: 'sel', port: 1, selector: { tags: ['tag:x'] } }] }),
  ];
  const last = resources.filter((each, index) => index !== 1 && index !== 5 && each !== undefined);
  const straight = start();
  await straight.tell(...last.map(set));
  await straight.sync();
  const step = fc.record({ index: fc.nat(resources.length - 1), gone: fc.boolean(), settle: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step), fc.shuffledSubarray(last, { minLength: last.length }), async (steps, order) => {
      const { store, tell, sync, clusters } = start();
      await sync();
      for (const { index, gone, settle } of steps) {
        const each = resources[index] ?? resources[0];
        if (each === undefined) continue;
        store.sink.changed([gone ? remove(each) : set(each)]);
        if (settle) await store.settled();
      }
      await tell(...order.map(set));
      await store.settled();
      expect(store.revision).toBe(straight.store.revision);
      expect(store.endpoints).toEqual(straight.store.endpoints);
      expect(store.policies).toEqual(straight.store.policies);
      expect(store.groups).toEqual(straight.store.groups);
      expect(store.clusters).toEqual(straight.store.clusters);
      expect(clusters()).toEqual(straight.clusters());
    }),
    { numRuns: 50 },
  );
});
