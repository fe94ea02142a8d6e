import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, expect, test } from 'vitest';

import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthListRequestSchema,
  HealthListResponseSchema,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import type { ServerReflectionRequest } from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { createResourceCache } from './resource-cache.ts';
import { openTestCall, openTestSession } from './server-client.ts';
import { createXdsServer } from './server.ts';

const adsName = 'envoy.service.discovery.v3.AggregatedDiscoveryService';

let cache = createResourceCache();
let stop = async (): Promise<void> => {};
let session: Awaited<ReturnType<typeof openTestSession>>;

beforeEach(async () => {
  cache = createResourceCache();
  const server = createXdsServer({ cache, log: { debug() {}, info() {}, warn() {}, error() {} } });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  session = await openTestSession(port);
  stop = () => server.close({ graceMs: 0 });
});

afterEach(async () => {
  session.destroy();
  await stop();
});

function health(method: 'Check' | 'Watch') {
  return openTestCall(session, `/grpc.health.v1.Health/${method}`, HealthCheckRequestSchema, HealthCheckResponseSchema);
}

test('health: is serving once the first transaction is there, for each service and for all', async () => {
  const watch = health('Watch');
  watch.send({ service: adsName });
  watch.end();
  expect(await watch.next()).toMatchObject({ status: ServingStatus.NOT_SERVING });
  const early = health('Check');
  early.send({});
  expect(await early.next()).toMatchObject({ status: ServingStatus.NOT_SERVING });
  expect(await early.status).toEqual({ code: 0, message: '' });
  cache.apply([]);
  expect(await watch.next()).toMatchObject({ status: ServingStatus.SERVING });
  const late = health('Check');
  late.send({});
  expect(await late.next()).toMatchObject({ status: ServingStatus.SERVING });
  void stop();
  expect(await watch.next()).toMatchObject({ status: ServingStatus.NOT_SERVING });
});

test('health: does not know other services', async () => {
  const check = health('Check');
  check.send({ service: 'other' });
  expect(await check.status).toMatchObject({ code: 5 });
  const long = health('Check');
  long.send({ service: 'x'.repeat(300_000) });
  expect(await long.status).toEqual({ code: 5, message: `unknown service ${'x'.repeat(256)}` });
  const watch = health('Watch');
  watch.send({ service: 'other' });
  expect(await watch.next()).toMatchObject({ status: ServingStatus.SERVICE_UNKNOWN });
  const empty = health('Check');
  empty.end();
  expect(await empty.status).toMatchObject({ code: 3 });
});

test('health: lists what it knows', async () => {
  const list = openTestCall(session, '/grpc.health.v1.Health/List', HealthListRequestSchema, HealthListResponseSchema);
  list.send({});
  const { statuses } = await list.next();
  expect(Object.keys(statuses)).toHaveLength(6);
  expect(statuses['']).toMatchObject({ status: ServingStatus.NOT_SERVING });
});

function reflect(version: 'v1' | 'v1alpha') {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  return openTestCall(session, path, ServerReflectionRequestSchema, ServerReflectionResponseSchema);
}

test.each(['v1', 'v1alpha'] as const)('reflection: lists its services, %s', async (version) => {
  const call = reflect(version);
  call.send({ messageRequest: { case: 'listServices', value: '' } });
  const { messageResponse } = await call.next();
  const services = messageResponse.case === 'listServicesResponse' ? messageResponse.value.service : [];
  expect(services.map(({ name }) => name)).toEqual([
    adsName,
    'envoy.service.cluster.v3.ClusterDiscoveryService',
    'envoy.service.endpoint.v3.EndpointDiscoveryService',
    'envoy.service.listener.v3.ListenerDiscoveryService',
    'envoy.service.route.v3.RouteDiscoveryService',
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
  ]);
  call.end();
  expect(await call.status).toEqual({ code: 0, message: '' });
});

test.each<[string, ServerReflectionRequest['messageRequest']]>([
  ['a service', { case: 'fileContainingSymbol', value: adsName }],
  ['a method', { case: 'fileContainingSymbol', value: `.${adsName}.StreamAggregatedResources` }],
  ['a file', { case: 'fileByFilename', value: 'envoy/service/discovery/v3/ads.proto' }],
])('reflection: describes with all that is imported: %s', async (_, messageRequest) => {
  const call = reflect('v1');
  call.send({ messageRequest });
  const { messageResponse } = await call.next();
  const files = messageResponse.case === 'fileDescriptorResponse' ? messageResponse.value.fileDescriptorProto : [];
  const decoded = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  expect(decoded[0]?.service.map(({ name }) => name)).toEqual(['AggregatedDiscoveryService']);
  const names = new Set(decoded.map(({ name }) => name));
  expect(decoded.flatMap(({ dependency }) => dependency).filter((name) => !names.has(name))).toEqual([]);
});

test.each([
  'cluster.v3.Cluster',
  'endpoint.v3.ClusterLoadAssignment',
  'listener.v3.Listener',
  'route.v3.RouteConfiguration',
])('reflection: describes what stands in responses: %s', async (type) => {
  const call = reflect('v1');
  call.send({ messageRequest: { case: 'fileContainingSymbol', value: `envoy.config.${type}` } });
  expect((await call.next()).messageResponse.case).toBe('fileDescriptorResponse');
});

test.each<[string, ServerReflectionRequest['messageRequest'], number]>([
  ['a symbol', { case: 'fileContainingSymbol', value: 'no.such.Thing' }, 5],
  ['a file', { case: 'fileByFilename', value: 'no/such.proto' }, 5],
  ['extensions', { case: 'allExtensionNumbersOfType', value: 'no.such.Thing' }, 5],
  ['nothing', { case: undefined }, 3],
])('reflection: says what it does not have: %s', async (_, messageRequest, errorCode) => {
  const call = reflect('v1');
  call.send({ messageRequest });
  const { messageResponse } = await call.next();
  expect(messageResponse).toMatchObject({ case: 'errorResponse', value: { errorCode } });
});
