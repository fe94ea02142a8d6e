import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { credentials, Client } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';

import { VirtualHostSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { HealthCheckResponseSchema } from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createExtensionServer } from './extension-server.ts';
import { clusterSettings, createFakeState, hookFunctions, noParsers } from './fake-inputs.ts';
import { hookNames } from './observer.ts';
import { frame } from './raw-call.ts';
import { startServer, stopServers } from './running-server.ts';
import { encodeField, readField, readFields } from './wire-field.ts';

afterEach(stopServers);

const virtualHost = Buffer.from(
  toBinary(
    VirtualHostSchema,
    create(VirtualHostSchema, {
      name: 'default/eg/http/www_example_com',
      domains: ['www.example.com'],
      routes: [{ name: 'all', match: { pathSpecifier: { case: 'prefix', value: '/' } } }],
    }),
  ),
);
const request = frame(encodeField(1, virtualHost));
const routesOf = (body: Buffer) =>
  fromBinary(VirtualHostSchema, readField(body, 1) ?? Buffer.alloc(0)).routes.map(({ name }) => name);
const injected = ['tailscale-egress-web', 'all'];

/** What a client made of grpc-js gets: what real clients see. */
function callByLibrary(port: number, method: string, message: Buffer): Promise<Buffer | undefined> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const path = `/envoygateway.extension.EnvoyGatewayExtension/${method}`;
  const same = (bytes: Buffer) => bytes;
  return new Promise<Buffer | undefined>((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, message, (err, answer) => (err === null ? resolve(answer) : reject(err)));
  }).finally(() => client.close());
}

describe('calls', () => {
  const unchanged = hookNames.filter((hook) => hook !== 'PostVirtualHostModify' && hook !== 'PostTranslateModify');

  test.each(unchanged)('%s comes back as it was to a real client', async (hook) => {
    const { port } = await startServer();
    const object = encodeField(1, virtualHost);
    expect(await callByLibrary(port, hook, object)).toEqual(object);
  });

  test('PostVirtualHostModify comes back with routes to a real client', async () => {
    const { port } = await startServer();
    const answer = await callByLibrary(port, 'PostVirtualHostModify', encodeField(1, virtualHost));
    expect(routesOf(answer ?? Buffer.alloc(0))).toEqual(injected);
  });

  test('PostTranslateModify comes back with clusters to a real client', async () => {
    const { port } = await startServer();
    const answer = await callByLibrary(port, 'PostTranslateModify', encodeField(3, Buffer.from('secret')));
    expect(readFields(answer ?? Buffer.alloc(0), 2).map(String)).toEqual(['secret']);
    expect(readFields(answer ?? Buffer.alloc(0), 1)).toHaveLength(1);
  });

  test('a change counts at the next call', async () => {
    const { client, state } = await startServer();
    await client.call('PostVirtualHostModify', request);
    state.set({ endpoints: [] });
    const { body } = await client.call('PostVirtualHostModify', request);
    expect(routesOf(body)).toEqual(['all']);
  });

  test('the same question is answered at hand, and counted', async () => {
    const { client, calls } = await startServer();
    const first = await client.call('PostVirtualHostModify', request);
    const second = await client.call('PostVirtualHostModify', request);
    expect(second.body).toEqual(first.body);
    const sizes = { requestBytes: request.length - 5, responseBytes: first.body.length, result: 'changed' };
    expect(calls).toMatchObject([
      { hook: 'PostVirtualHostModify', cached: false, ...sizes },
      { hook: 'PostVirtualHostModify', cached: true, ...sizes },
    ]);
  });

  test('a megabyte goes through in pieces', async () => {
    const { client } = await startServer();
    const secrets = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(index % 1000, index));
    const large = Buffer.alloc(600_000, 7);
    const message = Buffer.concat([...secrets, large].map((secret) => encodeField(3, secret)));
    const { status, body } = await client.call('PostTranslateModify', frame(message));
    expect(status).toBe(0);
    expect(readFields(body, 2)).toEqual([...secrets, large]);
  });

  test('many at once', async () => {
    const { client } = await startServer();
    const answers = await Promise.all(Array.from({ length: 200 }, () => client.call('PostVirtualHostModify', request)));
    expect(answers.every(({ status, body }) => status === 0 && routesOf(body).length === 2)).toBe(true);
  });
});

describe('the first sync', () => {
  test('a call waits for it', async () => {
    const { client, state } = await startServer({}, false);
    const waiting = client.call('PostVirtualHostModify', request);
    await client.call('PostHTTPListenerModify', request);
    state.set({ synced: true });
    expect(routesOf((await waiting).body)).toEqual(injected);
  });

  test('too late, set to fail: UNAVAILABLE', async () => {
    const { client, calls } = await startServer({ syncWaitMs: 5, onUnsynced: 'fail' }, false);
    expect(await client.call('PostVirtualHostModify', request)).toMatchObject({ status: 14 });
    expect(calls).toMatchObject([{ result: 'unsynced' }]);
  });

  test('too late, set to pass through: the object as it came', async () => {
    const { client, calls } = await startServer({ syncWaitMs: 5, onUnsynced: 'pass-through' }, false);
    expect(await client.call('PostVirtualHostModify', request)).toMatchObject({ status: 0, body: request.subarray(5) });
    expect(calls).toMatchObject([{ result: 'unsynced' }]);
  });

  test('a client with less time than that is answered in its time', async () => {
    const { client } = await startServer({ onUnsynced: 'pass-through' }, false);
    expect(await client.call('PostVirtualHostModify', request, { 'grpc-timeout': '20m' })).toMatchObject({ status: 0 });
  });

  test('a client that gives up is counted', async () => {
    const { client, calls } = await startServer({}, false);
    const stream = client.session.request({
      ':method': 'POST',
      ':path': '/envoygateway.extension.EnvoyGatewayExtension/PostVirtualHostModify',
      'content-type': 'application/grpc',
    });
    stream.on('error', () => {});
    stream.end(request);
    await client.call('PostHTTPListenerModify', request);
    stream.close(8);
    await expect.poll(() => calls.map(({ result }) => result)).toContain('cancelled');
  });

  test('health follows it', async () => {
    const { client, state } = await startServer({}, false);
    const check = async () => {
      const { body } = await client.call('/grpc.health.v1.Health/Check', frame(Buffer.alloc(0)));
      return fromBinary(HealthCheckResponseSchema, body).status;
    };
    expect(await check()).toBe(2);
    state.set({ synced: true });
    expect(await check()).toBe(1);
  });
});

describe('panics', () => {
  const panic = () => {
    throw new Error('panic');
  };

  test('when nothing can be decided the object goes back as it came, and it is said once', async () => {
    const { client, calls, log } = await startServer({ functions: { ...hookFunctions, prepareRoutes: panic } });
    for (let index = 0; index < 3; index++) {
      expect(await client.call('PostVirtualHostModify', request)).toMatchObject({
        status: 0,
        body: request.subarray(5),
      });
    }
    expect(calls.map(({ result }) => result)).toEqual(['failed', 'failed', 'failed']);
    expect(log.messages('error')).toEqual(['hook failed, its object goes back as it came']);
  });

  test('time is over: the object goes back as it came', async () => {
    const { client } = await startServer({ functions: { ...hookFunctions, prepareRoutes: panic }, deadlineMs: 0 });
    expect(await client.call('PostVirtualHostModify', request)).toMatchObject({ status: 0, body: request.subarray(5) });
  });
});

test('reflection lists the service', async () => {
  const { client } = await startServer();
  const { body } = await client.call(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    frame(encodeField(7, Buffer.from('*'))),
  );
  expect(body.toString('latin1')).toContain('envoygateway.extension.EnvoyGatewayExtension');
});

test('explains what was answered', async () => {
  const { client, server } = await startServer();
  await client.call('PostVirtualHostModify', request);
  await client.call('PostTranslateModify', frame(Buffer.alloc(0)));
  expect(JSON.parse(JSON.stringify(server.explain()))).toMatchObject({
    synced: true,
    revision: 'revision-0',
    virtualHosts: [{ name: 'default/eg/http/www_example_com', injected: [{ endpoint: 'default/services/web' }] }],
    clusters: [{ name: 'external-backend-web', injected: true, hook: 'PostTranslateModify' }],
    routes: [],
  });
});

test('closing answers who waits, and then takes no calls', async () => {
  const { client, server } = await startServer({}, false);
  const waiting = client.call('PostVirtualHostModify', request);
  await client.call('PostHTTPListenerModify', request);
  await server.close({ graceMs: 5000 });
  expect(await waiting).toMatchObject({ status: 14 });
});

test('closing does not wait for a client that reads nothing of its answer', async () => {
  const { client, server, calls } = await startServer();
  const stream = client.session.request({
    ':method': 'POST',
    ':path': '/envoygateway.extension.EnvoyGatewayExtension/PostTranslateModify',
    'content-type': 'application/grpc',
  });
  stream.on('error', () => {});
  stream.pause();
  stream.end(frame(encodeField(3, Buffer.alloc(40 * 2 ** 20))));
  await expect.poll(() => calls).toHaveLength(1);
  await server.close({ graceMs: 50 });
  expect(stream.readableEnded).toBe(false);
});

test('an address that cannot be had', async () => {
  const { port, server } = await startServer();
  const other = createExtensionServer({
    state: createFakeState([]),
    functions: hookFunctions,
    parsers: noParsers,
    log: createFakeLog(),
    clusterSettings,
    deadlineMs: 1,
    syncWaitMs: 1,
    onUnsynced: 'fail',
  });
  await expect(other.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(server.explain().virtualHosts).toEqual([]);
});
