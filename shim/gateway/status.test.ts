import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, toJson } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { ClusterSettingsSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { ComputeEndpointsRequestSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { RoutePolicySchema, ServiceEndpointSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { formatResourceKey } from '../custom-resources/unique-resources.ts';
import { resourceFromObject } from '../custom-resources/resource-from-object.ts';
import { parseDevicesFile } from '../sources/devices-file.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createTailnetDevices } from '../tailnets/tailnet-devices.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import type { ResourceAnswer } from '../xds/stream-subscription.ts';
import { readTranslation } from '../kubernetes/gateway-translation.ts';
import { type KubeObject, objectKey } from '../kubernetes/kube-object.ts';
import { sumUpAnswers } from './acknowledgement.ts';
import { createTailnetsView } from './endpoint-hosts.ts';
import { createGatewayState } from './gateway-store.ts';
import { createStatusBook } from './status-book.ts';

const folder = join(import.meta.dirname, 'testdata');
const cases = readdirSync(folder).filter((file) => file.endsWith('.in.yaml'));

/** What people would see of the objects of a case: what counts, and every status. */
async function decide(objects: readonly Record<string, unknown>[]): Promise<object> {
  const clock = createFakeClock();
  const named = objects.find((object) => 'tailnet' in object)?.['tailnet'];
  const lists = objects.filter((object): object is { devices: object[]; of?: string } => 'devices' in object);
  const list = lists.find(({ of }) => of === undefined);
  const devices = lists.flatMap(({ of, devices }) => {
    const parsed = parseDevicesFile(JSON.stringify({ devices }), 'devices');
    return (parsed.ok ? parsed.devices : []).map(of === undefined ? (device) => device : createTailnetDevices(of));
  });
  const store = createGatewayState({
    functions: { computeClusters: async (request) => computeClusters(request) },
    clusterSettings: create(ClusterSettingsSchema, { xdsTarget: 'dns:///xds:18000' }),
    groupDefaults: {},
    tailnets: typeof named === 'string' ? [named] : list === undefined ? [] : ['-'],
    endpointPort: 8080,
    deviceWaitMs: 0,
    clock,
    log: createFakeLog(),
  });
  for (const object of objects) {
    const found = resourceFromObject(object);
    if (found.kind === 'resource') store.sink.changed([{ kind: 'set', resource: found.resource }]);
  }
  if (lists.length > 0) store.devices(devices);
  store.sink.synced();
  await store.settled();
  const now = timestampFromMs(clock.now());
  const request = create(ComputeEndpointsRequestSchema, { now, groups: [...store.groups], devices: [...devices] });
  const { groups } = computeEndpoints(request);
  const answers = (objects.find((object) => 'answers' in object)?.['answers'] ?? {}) as Record<
    string,
    ResourceAnswer[]
  >;
  const revisions = objects.filter(({ kind }) => kind === 'TailscaleGatewayRevision') as unknown as KubeObject[];
  const book = createStatusBook({
    store,
    allowTargets: [],
    acknowledgement: (group) => sumUpAnswers(answers[group] ?? []),
    translation(gateway) {
      const revision = revisions.find(({ metadata }) => objectKey(metadata) === gateway);
      return revision === undefined ? { kind: 'translated' } : readTranslation(revision);
    },
  });
  const isKnown = (tailnet: string) => lists.some(({ of }) => (of ?? '') === tailnet);
  const lastSyncMs = (tailnet: string) => (isKnown(tailnet) ? clock.now() : undefined);
  const statuses = await book.statuses(createTailnetsView(devices, groups, { isKnown, lastSyncMs }));
  return {
    endpoints: store.endpoints.map((endpoint) => toJson(ServiceEndpointSchema, endpoint)),
    policies: store.policies.map((policy) => toJson(RoutePolicySchema, policy)),
    refusedPolicies: [...store.policyResources.values()].flatMap(({ findings }) =>
      findings.map(({ detail }) => detail),
    ),
    gateways: [...store.gatewayRevisions().keys()],
    statuses: Object.fromEntries(statuses.map(({ resource, status }) => [formatResourceKey(resource), status])),
  };
}

// UPDATE_GOLDEN=1 writes what there is; a person reviews it.
test.each(cases)('%s', async (file) => {
  const documents = parseAllDocuments(readFileSync(join(folder, file), 'utf8'));
  const objects = documents.map((document): Record<string, unknown> => document.toJS());
  const actual = stringify(await decide(objects), { lineWidth: 0, aliasDuplicateObjects: false });
  const output = join(folder, file.replace('.in.', '.out.'));
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(output, actual);
  expect(actual).toBe(readFileSync(output, 'utf8'));
});
