import { create } from '@bufbuild/protobuf';
import { afterEach, expect, test } from 'vitest';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { ClusterSettingsSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { parseBackendResource } from '../custom-resources/parse-extension-resource.ts';
import type { CustomResource, CustomResourceChange } from '../custom-resources/resource-source.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createGatewayState } from './gateway-store.ts';

// What tailnets by resource change in what is decided.

const stores: { close(): void }[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

function start() {
  const log = createFakeLog();
  const store = createGatewayState({
    functions: { computeClusters: async (request) => computeClusters(request) },
    clusterSettings: create(ClusterSettingsSchema, { xdsTarget: 'dns:///xds:18000' }),
    groupDefaults: {},
    tailnets: ['own.example.com'],
    endpointPort: 8080,
    deviceWaitMs: 10_000,
    clock: createFakeClock(),
    log,
  });
  stores.push(store);
  const tell = async (...changes: CustomResourceChange[]) => {
    store.sink.changed(changes);
    await store.settled();
  };
  return {
    store,
    log,
    tell,
    async sync() {
      store.sink.synced();
      await store.settled();
    },
    groups: () => store.groups.map(({ name, tailnets }) => [name, ...tailnets].join(' ')),
    names: () => store.endpoints.map(({ ref }) => ref?.endpoint ?? ''),
  };
}

const resource = (kind: CustomResource['kind'], place: string, spec: unknown): CustomResourceChange => {
  const [namespace = '', name = ''] = place.split('/');
  const rest = { uid: '', generation: 0, createdMs: 0, labels: {}, place: '' };
  return { kind: 'set', resource: { kind, namespace, name, spec, ...rest } };
};
const tailnet = (place: string, more: object = {}) =>
  resource('TailscaleTailnet', place, { apiKeySecretRef: { name: 'key' }, ...more });
const web = (place: string, name: string, more: object = {}) =>
  resource('TailscaleEndpoints', place, {
    endpoints: [{ name, port: 80, protocol: 'HTTP', selector: { tags: ['tag:web'] } }],
    ...more,
  });
const gone = (kind: CustomResource['kind'], namespace: string, name: string): CustomResourceChange => ({
  kind: 'remove',
  key: { kind, namespace, name },
});

test('a tailnet that comes and goes changes the groups of its namespace, and no others', async () => {
  const { tell, sync, groups, log } = start();
  await tell(web('team/all', 'all'), web('team/prod', 'prod', { tailnet: 'prod' }), web('others/all', 'other'));
  await tell(tailnet('team/prod'));
  await sync();
  expect(groups()).toEqual(['others/all/other', 'team/all/all  team/prod', 'team/prod/prod team/prod']);
  // Whatever order they came in: nothing was ever refused.
  expect(log.lines).toEqual([]);

  await tell(tailnet('team/lab'));
  expect(groups()).toEqual(['others/all/other', 'team/all/all  team/lab team/prod', 'team/prod/prod team/prod']);
  await tell(gone('TailscaleTailnet', 'team', 'prod'));
  expect(groups()).toEqual(['others/all/other', 'team/all/all  team/lab']);
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { reason: 'UnknownTailnet' } }]);
  await tell(tailnet('team/prod'), gone('TailscaleTailnet', 'team', 'lab'));
  expect(groups()).toEqual(['others/all/other', 'team/all/all  team/prod', 'team/prod/prod team/prod']);
});

test('how a tailnet is read changes nothing that is injected', async () => {
  const { store, tell, sync } = start();
  await tell(tailnet('team/prod'), web('team/all', 'all'));
  await sync();
  const { revision, groups } = store;
  await tell(tailnet('team/prod', { pollInterval: '1m', apiKeySecretRef: { name: 'other' } }));
  expect(store.revision).toBe(revision);
  expect(store.groups).toBe(groups);
});

test('discovery makes endpoints of the devices that the resource may know', async () => {
  const { store, tell, sync, names } = start();
  const device = (name: string, of = '') =>
    create(DeviceSchema, { id: `${of}/${name}`, name, tailnet: of, authorized: true, addresses: ['100.64.0.1'] });
  store.devices([
    device('own'),
    device('prod', 'team/prod'),
    device('lab', 'team/lab'),
    device('their', 'others/prod'),
  ]);
  const discover = (place: string, more: object = {}) =>
    resource('TailscaleEndpoints', place, { autoDiscovery: { enabled: true }, ...more });
  await tell(tailnet('team/prod'), tailnet('team/lab'), discover('team/found', { tailnet: 'prod' }));
  await sync();
  expect(names()).toEqual(['prod']);
  await tell(discover('team/found'));
  expect(names().toSorted()).toEqual(['lab', 'own', 'prod']);
  await tell(gone('TailscaleTailnet', 'team', 'lab'));
  expect(names().toSorted()).toEqual(['own', 'prod']);
});

test('a backend that Envoy Gateway sends means the tailnets that it means here', async () => {
  const { store, tell, sync } = start();
  await sync();
  const backend = Buffer.from(
    JSON.stringify({
      apiVersion: 'gateway.tailscale.com/v1alpha1',
      kind: 'TailscaleEndpoints',
      metadata: { namespace: 'team', name: 'prod' },
      spec: {
        tailnet: 'prod',
        endpoints: [{ name: 'web', port: 80, protocol: 'HTTP', selector: { tags: ['tag:web'] } }],
      },
    }),
  );
  expect(parseBackendResource(backend, store.conversion)).toEqual([]);
  await tell(tailnet('team/prod'));
  expect(parseBackendResource(backend, store.conversion)).toMatchObject([
    { upstream: { case: 'selector', value: { tags: ['tag:web'], tailnets: ['team/prod'] } } },
  ]);
});
