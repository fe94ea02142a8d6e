import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, expect, test } from 'vitest';

import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import type { DiscoveryResponse } from '../../proto/gen/envoy/service/discovery/v3/discovery_pb.ts';
import { encodeFrame } from '../grpc/frame.ts';
import type { XdsLog, XdsNack, XdsPush } from './observer.ts';
import { createResourceCache } from './resource-cache.ts';
import type { ResourceCache } from './resource-cache.ts';
import { createResource, typeUrls } from './resource.ts';
import type { Resource, ResourceChange, TypeUrl } from './resource.ts';
import { openTestCall, openTestSession } from './server-client.ts';
import type { TestCall } from './server-client.ts';
import { createXdsServer } from './server.ts';
import type { XdsServer, XdsServerOptions } from './server.ts';

type SotwCall = TestCall<typeof DiscoveryRequestSchema, typeof DiscoveryResponseSchema>;

const paths = {
  ads: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
  deltaAds: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  endpoints: '/envoy.service.endpoint.v3.EndpointDiscoveryService/StreamEndpoints',
} as const;

const quiet: XdsLog = { debug() {}, info() {}, warn() {}, error() {} };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Fixture {
  readonly cache: ResourceCache;
  readonly server: XdsServer;
  readonly port: number;
  readonly session: ClientHttp2Session;
}

async function start(options: Partial<XdsServerOptions> = {}): Promise<Fixture> {
  const cache = createResourceCache();
  // Longer than any machine stalls: what comes before the answer to clusters is not to be what has waited for it in vain.
  const server = createXdsServer({ cache, log: quiet, answerWaitMs: 60_000, ...options });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  cleanups.push(() => server.close({ graceMs: 0 }));
  return { cache, server, port, session: await connectTo(port) };
}

async function connectTo(port: number): Promise<ClientHttp2Session> {
  const session = await openTestSession(port);
  cleanups.push(() => session.destroy());
  return session;
}

function openSotw(session: ClientHttp2Session, path: string = paths.ads): SotwCall {
  return openTestCall(session, path, DiscoveryRequestSchema, DiscoveryResponseSchema);
}

function set(
  typeUrl: TypeUrl,
  name: string,
  content: string,
  options?: Pick<Resource, 'endpointName'>,
): ResourceChange {
  return { kind: 'set', resource: createResource(typeUrl, name, Buffer.from(content), options) };
}

function contents(response: DiscoveryResponse): readonly string[] {
  return response.resources.map(({ value }) => Buffer.from(value).toString());
}

/** Takes the next response and ACKs it. */
async function take(call: SotwCall, resourceNames: string[] = []): Promise<DiscoveryResponse> {
  const response = await call.next();
  const { typeUrl, versionInfo, nonce } = response;
  call.send({ typeUrl, versionInfo, responseNonce: nonce, resourceNames });
  return response;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

test('answers nothing before the first transaction, and then those who have waited', async () => {
  const { cache, session } = await start();
  const call = openSotw(session);
  call.send({ typeUrl: typeUrls.cluster });
  call.send({ typeUrl: typeUrls.endpoint, resourceNames: ['a'] });
  await sleep(30);
  expect(call.waiting).toBe(0);
  cache.apply([set(typeUrls.endpoint, 'a', '1')]);
  expect(contents(await call.next())).toEqual([]);
  expect(contents(await call.next())).toEqual(['1']);
});

test('sends equal content as equal bytes to all, and never a nonce twice on one stream', async () => {
  const { cache, session } = await start();
  cache.apply([set(typeUrls.endpoint, 'a', '1')]);
  const calls = [openSotw(session), openSotw(session, paths.endpoints)];
  for (const call of calls) call.send({ typeUrl: typeUrls.endpoint, resourceNames: ['a'] });
  const [first, second] = await Promise.all(calls.map((call) => take(call, ['a'])));
  expect(first).toEqual(second);
  const nonces = new Set([first?.nonce]);
  for (const content of ['2', '1', '2', '1']) {
    cache.apply([set(typeUrls.endpoint, 'a', content)]);
    const [one, other] = await Promise.all(calls.map((call) => take(call, ['a'])));
    expect(one).toEqual(other);
    expect(contents(one as DiscoveryResponse)).toEqual([content]);
    expect(nonces).not.toContain(one?.nonce);
    nonces.add(one?.nonce);
  }
});

test('answers with the headers of gRPC and no others, on every stream', async () => {
  const { cache, session } = await start();
  cache.apply([set(typeUrls.endpoint, 'a', '1')]);
  for (let i = 0; i < 2; i += 1) {
    const call = openSotw(session);
    call.send({ typeUrl: typeUrls.endpoint, resourceNames: ['a'] });
    const [headers] = await once(call.stream, 'response');
    expect(Object.entries(headers)).toEqual([
      [':status', 200],
      ['content-type', 'application/grpc'],
    ]);
    call.end();
    expect(await call.status).toEqual({ code: 0, message: '' });
  }
});

test('sends a change to all clients before it reads their answers', async () => {
  const steps: string[] = [];
  const { cache, port } = await start({
    observer: { pushed: () => void steps.push('push'), acked: () => void steps.push('ack') },
  });
  cache.apply([set(typeUrls.endpoint, 'a', '1')]);
  const calls = await Promise.all(Array.from({ length: 100 }, async () => openSotw(await connectTo(port))));
  for (const call of calls) call.send({ typeUrl: typeUrls.endpoint, resourceNames: ['a'] });
  await Promise.all(calls.map((call) => take(call, ['a'])));
  await until(() => steps.length === 200);
  steps.length = 0;
  cache.apply([set(typeUrls.endpoint, 'a', '2')]);
  await Promise.all(calls.map((call) => take(call, ['a'])));
  await until(() => steps.length === 200);
  expect(steps.lastIndexOf('push')).toBeLessThan(steps.indexOf('ack'));
});

test('makes before it breaks: what goes is sent after what no longer refers to it', async () => {
  const { cache, session } = await start();
  cache.apply([
    set(typeUrls.cluster, 'old', 'cluster old'),
    set(typeUrls.listener, 'l', 'listener'),
    set(typeUrls.route, 'r', 'route to old'),
  ]);
  const call = openSotw(session);
  call.send({ typeUrl: typeUrls.route, resourceNames: ['r'] });
  await take(call, ['r']);
  call.send({ typeUrl: typeUrls.cluster });
  await take(call);
  cache.apply([
    set(typeUrls.route, 'r', 'route to new'),
    { kind: 'remove', typeUrl: typeUrls.cluster, name: 'old' },
    set(typeUrls.cluster, 'new', 'cluster new'),
  ]);
  expect(contents(await take(call)).toSorted()).toEqual(['cluster new', 'cluster old']);
  expect(contents(await take(call, ['r']))).toEqual(['route to new']);
  expect(contents(await take(call))).toEqual(['cluster new']);
});

/** A client that has a cluster and a route, which are about to change. */
async function withRoute(options: Partial<XdsServerOptions> = {}) {
  const { cache, session } = await start(options);
  const apply = (version: string) =>
    cache.apply([set(typeUrls.cluster, 'c', `cluster ${version}`), set(typeUrls.route, 'r', `route ${version}`)]);
  apply('1');
  const call = openSotw(session);
  call.send({ typeUrl: typeUrls.cluster });
  await take(call);
  call.send({ typeUrl: typeUrls.route, resourceNames: ['r'] });
  await take(call, ['r']);
  return { call, apply };
}

test('sends what refers to new clusters when the client has answered for them', async () => {
  const { call, apply } = await withRoute();
  apply('2');
  const { nonce, versionInfo } = await call.next();
  await sleep(50);
  expect(call.waiting).toBe(0);
  call.send({ typeUrl: typeUrls.cluster, responseNonce: nonce, versionInfo });
  expect(contents(await take(call, ['r']))).toEqual(['route 2']);
});

test('sends what refers to new clusters also to who does not answer for them', async () => {
  const { call, apply } = await withRoute({ answerWaitMs: 50 });
  apply('2');
  expect(contents(await call.next())).toEqual(['cluster 2']);
  expect(contents(await call.next())).toEqual(['route 2']);
});

test('follows a cluster that is sent again with its endpoints, on the same stream alone', async () => {
  const { cache, session } = await start();
  const endpointName = 'e';
  cache.apply([
    set(typeUrls.cluster, 'c', '1', { endpointName }),
    set(typeUrls.cluster, 'other', '1', { endpointName: 'f' }),
    set(typeUrls.endpoint, 'e', 'endpoints e'),
    set(typeUrls.endpoint, 'f', 'endpoints f'),
  ]);
  const [ads, eds] = [openSotw(session), openSotw(session, paths.endpoints)];
  ads.send({ typeUrl: typeUrls.cluster });
  await take(ads);
  for (const call of [ads, eds]) {
    call.send({ typeUrl: typeUrls.endpoint, resourceNames: ['e', 'f'] });
    await take(call, ['e', 'f']);
  }
  cache.apply([set(typeUrls.cluster, 'c', '2', { endpointName })]);
  expect(contents(await take(ads))).toEqual(['2', '1']);
  expect(contents(await take(ads, ['e', 'f']))).toEqual(['endpoints e']);
  await sleep(30);
  expect([ads.waiting, eds.waiting]).toEqual([0, 0]);
});

test('leaves types that it does not serve unanswered, without harm to the others', async () => {
  const { cache, session } = await start();
  cache.apply([set(typeUrls.cluster, 'c', '1')]);
  const call = openSotw(session);
  call.send({ typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret', resourceNames: ['s'] });
  call.send({ typeUrl: typeUrls.cluster });
  expect(contents(await call.next())).toEqual(['1']);
});

test('serves the configured node alone', async () => {
  const { cache, server, session } = await start({ nodeId: 'mine' });
  cache.apply([set(typeUrls.cluster, 'c', '1')]);
  const [mine, other, nameless] = [openSotw(session), openSotw(session), openSotw(session)];
  other.send({ typeUrl: typeUrls.cluster, node: { id: 'other' } });
  nameless.send({ typeUrl: typeUrls.cluster });
  mine.send({ typeUrl: typeUrls.cluster, node: { id: 'mine' } });
  expect(contents(await take(mine))).toEqual(['1']);
  cache.apply([set(typeUrls.cluster, 'c', '2')]);
  expect(contents(await take(mine))).toEqual(['2']);
  expect([other.waiting, nameless.waiting]).toEqual([0, 0]);
  expect(server.streams().map(({ nodeId }) => nodeId)).toEqual(['mine']);
});

const frame = (flag: number, length: number, bytes: Buffer) => {
  const header = Buffer.from([flag, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, bytes]);
};

test.each<[string, string, Buffer, number]>([
  ['a type of another service', paths.endpoints, frame(0, 3, Buffer.from([0x22, 1, 0x41])), 3],
  ['an aggregated stream without a type', paths.ads, frame(0, 0, Buffer.alloc(0)), 3],
  ['bytes that are no message', paths.ads, frame(0, 4, Buffer.alloc(4, 0xff)), 3],
  ['bytes that are no incremental message', paths.deltaAds, frame(0, 4, Buffer.alloc(4, 0xff)), 3],
  ['a message of more than 4 MiB', paths.ads, frame(0, 4 * 1024 * 1024 + 1, Buffer.alloc(0)), 8],
  ['a compressed message', paths.ads, frame(1, 1, Buffer.alloc(1)), 12],
  ['an end within a message', paths.ads, frame(0, 10, Buffer.alloc(1)), 3],
  ['an unknown method', '/tailway.Nothing/Stream', Buffer.alloc(0), 12],
  ['the REST method of a discovery service', paths.endpoints.replace('Stream', 'Fetch'), Buffer.alloc(0), 12],
])('ends a stream with a clear status, and serves on: %s', async (_, path, bytes, code) => {
  const { cache, session } = await start();
  cache.apply([set(typeUrls.cluster, 'c', '1')]);
  const bad = openSotw(session, path);
  bad.stream.end(bytes);
  expect(await bad.status).toMatchObject({ code, message: expect.stringMatching(/./) });
  const good = openSotw(session);
  good.send({ typeUrl: typeUrls.cluster });
  expect(contents(await good.next())).toEqual(['1']);
});

test('ends a stream that asks for more names than there may be', async () => {
  const { session } = await start();
  const call = openSotw(session);
  call.send({ typeUrl: typeUrls.endpoint, resourceNames: Array.from({ length: 50_001 }, (_, index) => `n${index}`) });
  expect(await call.status).toMatchObject({ code: 8 });
});

test('lives through peers that do not speak HTTP/2, and through resets', async () => {
  const { cache, server, port, session } = await start();
  cache.apply([set(typeUrls.cluster, 'c', '1')]);
  const stranger = connectSocket(port, '127.0.0.1');
  stranger.on('error', () => {});
  stranger.end('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(stranger.resume(), 'close');
  const reset = await connectTo(port);
  const call = openSotw(reset);
  call.send({ typeUrl: typeUrls.cluster });
  await call.next();
  reset.destroy();
  await until(() => server.streams().length === 0);
  const cancelled = openSotw(session);
  cancelled.send({ typeUrl: typeUrls.cluster });
  await cancelled.next();
  cancelled.stream.close(8);
  await until(() => server.streams().length === 0);
  cache.apply([set(typeUrls.cluster, 'c', '2')]);
  const good = openSotw(session);
  good.send({ typeUrl: typeUrls.cluster });
  expect(contents(await good.next())).toEqual(['2']);
});

test('lets a slow client skip versions, while the others get each', async () => {
  const { cache, port, session } = await start();
  const bulk = 'x'.repeat(200_000);
  cache.apply([set(typeUrls.cluster, 'c', `0 ${bulk}`)]);
  const fast = openSotw(await connectTo(port));
  const slow = openSotw(session);
  for (const call of [fast, slow]) {
    call.send({ typeUrl: typeUrls.cluster });
    await take(call);
  }
  slow.stream.pause();
  for (let version = 1; version <= 50; version += 1) {
    cache.apply([set(typeUrls.cluster, 'c', `${version} ${bulk}`)]);
    expect(contents(await take(fast))[0]).toMatch(new RegExp(`^${version} `));
  }
  slow.stream.resume();
  let received = 0;
  let newest = '';
  while (newest !== '50') {
    newest = contents(await take(slow))[0]?.split(' ')[0] ?? '';
    received += 1;
  }
  expect(received).toBeLessThan(10);
});

test('tells the observer and whoever looks what goes on', async () => {
  const pushes: XdsPush[] = [];
  const nacks: XdsNack[] = [];
  const counts = { connections: 0, streams: 0, acks: 0, convergences: 0 };
  const { cache, server, port, session } = await start({
    observer: {
      connectionOpened: () => (counts.connections += 1),
      connectionClosed: () => (counts.connections -= 1),
      streamOpened: () => (counts.streams += 1),
      streamClosed: () => (counts.streams -= 1),
      acked: () => (counts.acks += 1),
      pushed: (push) => pushes.push(push),
      nacked: (nack) => nacks.push(nack),
      converged: () => (counts.convergences += 1),
    },
  });
  cache.apply([set(typeUrls.cluster, 'c', '1')]);
  const call = openSotw(session);
  call.send({ typeUrl: typeUrls.cluster, node: { id: 'n' } });
  const { versionInfo } = await take(call);
  await until(() => counts.acks === 1);
  cache.apply([set(typeUrls.cluster, 'c', '2')]);
  const { nonce } = await call.next();
  expect(counts.convergences).toBe(0);
  const errorDetail = { code: 3, message: 'no such filter' };
  call.send({ typeUrl: typeUrls.cluster, versionInfo, responseNonce: nonce, errorDetail });
  await until(() => nacks.length === 1);
  expect(counts).toEqual({ connections: 1, streams: 1, acks: 1, convergences: 1 });
  expect(pushes[0]).toMatchObject({ typeUrl: typeUrls.cluster, variant: 'sotw', resources: 1 });
  const [nack] = nacks;
  expect(nack).toMatchObject({ nodeId: 'n', names: ['c'], message: 'no such filter' });
  const [status] = server.streams();
  expect(status).toEqual({
    nodeId: 'n',
    peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    typeUrl: typeUrls.cluster,
    variant: 'sotw',
    aggregated: true,
    wildcard: true,
    names: 0,
    sentVersion: nack?.version,
    ackedVersion: versionInfo,
    nackedVersion: nack?.version,
    error: 'no such filter',
  });
  const second = await connectTo(port);
  second.destroy();
  session.destroy();
  await until(() => counts.connections === 0 && counts.streams === 0);
  expect(server.streams()).toEqual([]);
});

test.each<[string, TypeUrl, readonly string[], readonly string[]]>([
  ['by wildcard', typeUrls.cluster, [], ['a', 'b']],
  ['by name', typeUrls.endpoint, ['b', 'x'], ['b']],
])('names the resources of a refused first response: %s', async (_, typeUrl, resourceNames, expected) => {
  const nacks: XdsNack[] = [];
  const { cache, session } = await start({ observer: { nacked: (nack) => nacks.push(nack) } });
  cache.apply([set(typeUrl, 'a', '1'), set(typeUrl, 'b', '1')]);
  const call = openSotw(session);
  call.send({ typeUrl, resourceNames: [...resourceNames] });
  const { nonce } = await call.next();
  call.send({
    typeUrl,
    resourceNames: [...resourceNames],
    responseNonce: nonce,
    errorDetail: { code: 3, message: 'no' },
  });
  await until(() => nacks.length === 1);
  expect(nacks[0]?.names).toEqual(expected);
});

test('knows of each name what its subscribers have made of it', async () => {
  const { cache, server, session } = await start();
  cache.apply([set(typeUrls.endpoint, 'a', '1'), set(typeUrls.endpoint, 'b', '1')]);
  const call = openTestCall(session, paths.deltaAds, DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema);
  const answers = (name: string) => server.answers(typeUrls.endpoint, name);
  const kinds = () => ['a', 'b'].map((name) => answers(name).map(({ kind }) => kind));
  expect(kinds()).toEqual([[], []]);
  call.send({ node: { id: 'n' }, typeUrl: typeUrls.endpoint, resourceNamesSubscribe: ['a', 'b'] });
  const first = await call.next();
  expect(kinds()).toEqual([['pending'], ['pending']]);
  call.send({ typeUrl: typeUrls.endpoint, responseNonce: first.nonce });
  await until(() => answers('a')[0]?.kind === 'acknowledged');
  expect(kinds()).toEqual([['acknowledged'], ['acknowledged']]);

  cache.apply([set(typeUrls.endpoint, 'b', '2')]);
  const refused = await call.next();
  expect(kinds()).toEqual([['acknowledged'], ['pending']]);
  const errorDetail = { code: 3, message: 'no such locality' };
  call.send({ typeUrl: typeUrls.endpoint, responseNonce: refused.nonce, errorDetail });
  await until(() => answers('b')[0]?.kind === 'refused');
  expect(answers('b')).toEqual([{ kind: 'refused', nodeId: 'n', message: 'no such locality' }]);

  // What is said of another name is no word on this one.
  cache.apply([set(typeUrls.endpoint, 'a', '2')]);
  const other = await call.next();
  call.send({ typeUrl: typeUrls.endpoint, responseNonce: other.nonce });
  await until(() => answers('a')[0]?.kind === 'acknowledged');
  expect(kinds()).toEqual([['acknowledged'], ['refused']]);
  cache.apply([set(typeUrls.endpoint, 'b', '3')]);
  const mended = await call.next();
  call.send({ typeUrl: typeUrls.endpoint, responseNonce: mended.nonce });
  await until(() => answers('b')[0]?.kind === 'acknowledged');
  session.destroy();
  await until(() => answers('b').length === 0);
});

test('serves the incremental variant', async () => {
  const { cache, session } = await start();
  cache.apply([set(typeUrls.endpoint, 'a', '1')]);
  const call = openTestCall(session, paths.deltaAds, DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema);
  call.send({ typeUrl: typeUrls.endpoint, resourceNamesSubscribe: ['a', 'x'] });
  const { resources, removedResources, nonce, systemVersionInfo } = await call.next();
  expect(
    resources.map(({ name, resource }) => [name, resource?.typeUrl, String.fromCodePoint(...(resource?.value ?? []))]),
  ).toEqual([['a', typeUrls.endpoint, '1']]);
  expect(removedResources).toEqual(['x']);
  expect([nonce, systemVersionInfo]).not.toContain('');
});

test('ends its streams when it closes, and does not wait for ever for clients', async () => {
  const { cache, server, port, session } = await start();
  cache.apply([]);
  const call = openSotw(session);
  call.send({ typeUrl: typeUrls.cluster });
  await call.next();
  // Half a preface: a connection that will never close by itself.
  const stuck = connectSocket(port, '127.0.0.1');
  stuck.on('error', () => {});
  await once(stuck, 'connect');
  stuck.write('PRI * HTTP/2.0\r\n');
  await sleep(20);
  await Promise.all([server.close({ graceMs: 50 }), once(stuck.resume(), 'close')]);
  expect(await call.status).toMatchObject({ code: 14 });
  await server.close({ graceMs: 0 });
});

test('does not wait for a client that reads nothing of what it asked for', async () => {
  const { cache, server, session } = await start();
  cache.apply([]);
  const stream = session.request({ ':method': 'POST', ':path': paths.ads, 'content-type': 'application/grpc' });
  stream.write(
    encodeFrame([toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl: typeUrls.cluster }))]),
  );
  await expect.poll(() => server.streams()).toHaveLength(1);
  await server.close({ graceMs: 50 });
});

test('cuts off peers that do not answer pings', async () => {
  const { server, port } = await start({ pingIntervalMs: 20 });
  const dead = connectSocket(port, '127.0.0.1');
  await once(dead, 'connect');
  // The preface and empty settings, then silence.
  dead.write(
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]),
  );
  await once(dead.resume(), 'close');
  expect(server.streams()).toEqual([]);
});

test('says why it can not listen', async () => {
  const { port } = await start();
  const second = createXdsServer({ cache: createResourceCache(), log: quiet });
  await expect(second.listen({ host: '127.0.0.1', port })).rejects.toThrow('EADDRINUSE');
});
