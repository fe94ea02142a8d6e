import { request } from 'node:http';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, test } from 'vitest';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { registerEndpoints } from '../../functions/endpoints/handler.ts';
import { serveGateway } from '../../functions/gateway/serve/node.ts';
import { serveFunctions } from '../../functions/serving/node.ts';
import { EndpointService } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { connectBinary } from './protocols.ts';

const address = { bindAddress: '127.0.0.1', port: 0 };
const path = '/tailway.endpoints.v1.EndpointService/ComputeEndpoints';
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) {
    await cleanup();
  }
});

describe('functions that misbehave', () => {
  test('nobody there is UNAVAILABLE, and the gateway finds them once they are', async () => {
    const [port = 0] = await freePorts(1);
    const gateway = await serve(`http://127.0.0.1:${port}`);
    expect(await codeOf(gateway)).toBe(Code.Unavailable);

    const second = await serveFunctions({ routes: registerEndpoints, bindAddress: '127.0.0.1', port });
    cleanups.push(() => second.close());
    expect(await codeOf(gateway)).toBeUndefined();
  });

  test('a function that is replaced is found again', async () => {
    const [port = 0] = await freePorts(1);
    const first = await serveFunctions({ routes: registerEndpoints, bindAddress: '127.0.0.1', port });
    const gateway = await serve(first.url);
    expect(await codeOf(gateway)).toBeUndefined();
    await first.close();
    const second = await serveFunctions({ routes: registerEndpoints, bindAddress: '127.0.0.1', port });
    cleanups.push(() => second.close());
    expect(await codeOf(gateway)).toBeUndefined();
  });

  test('no answer in time is told, and the call is taken back', async () => {
    const closed = Promise.withResolvers<number>();
    const gateway = await serve(
      await listen((stream) => stream.once('close', () => closed.resolve(stream.rstCode ?? 0))),
      200,
    );
    const response = await fetch(`${gateway}${path}`, { method: 'POST', headers: { authorization: 'Bearer token' } });
    expect([response.status, await response.json()]).toEqual([
      504,
      { code: 'deadline_exceeded', message: 'no answer has begun within 200 ms' },
    ]);
    expect(await closed.promise).toBe(8);
  });

  test.each<{ name: string; end: (stream: ServerHttp2Stream) => void }>([
    { name: 'a stream that is reset', end: (stream) => stream.destroy(new Error('reset')) },
    { name: 'a connection that is lost', end: (stream) => stream.session?.destroy() },
  ])('half an answer is no whole one: $name', async ({ end }) => {
    const first = Promise.withResolvers<ServerHttp2Stream>();
    let calls = 0;
    const url = await listen((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/proto' });
      stream.write('half', () => (calls++ === 0 ? first.resolve(stream) : end(stream)));
    });
    const gateway = await serve(url);
    const headers = { authorization: 'Bearer token' };
    const response = await fetch(`${gateway}${path}`, { method: 'POST', headers });
    // Its caller has seen that an answer begins.
    end(await first.promise);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
    expect(await codeOf(gateway)).not.toBeUndefined();
  });

  test('half an answer is no whole one over HTTP/2 either', async () => {
    const half = Promise.withResolvers<ServerHttp2Stream>();
    const url = await listen((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/proto' });
      stream.write('half', () => half.resolve(stream));
    });
    const session = openSession(await serve(url));
    const call = session.request(authorizedCall);
    await once(call, 'response');
    (await half.promise).destroy(new Error('reset'));
    await expect(text(call)).rejects.toThrow('Premature close');
    expect(call.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
  });

  test('no answer in time is told where not even a connection is made', async () => {
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => sockets.push(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => silent.close(resolve));
    });
    const gateway = await serve(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`, 200);
    for (const attempt of [1, 2]) {
      const response = await fetch(`${gateway}${path}`, { method: 'POST', headers: { authorization: 'Bearer token' } });
      expect([attempt, response.status]).toEqual([attempt, 504]);
    }
  });

  test('a caller that goes away before the function is connected to harms nobody', async () => {
    const called = Promise.withResolvers<void>();
    const gateway = await serve(
      await listen((stream) => {
        called.resolve();
        stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true });
      }),
    );
    const session = openSession(gateway);
    const calls = [1, 2, 3].map(() => session.request(authorizedCall));
    await once(calls[2]?.end() ?? session, 'ready');
    calls.forEach((call) => call.close(constants.NGHTTP2_CANCEL));
    await Promise.all(calls.map(async (call) => call.closed || (await once(call, 'close'))));
    const next = session.request(authorizedCall);
    const [headers] = (await once(next.end(), 'response')) as [Readonly<Record<string, unknown>>];
    await called.promise;
    expect(headers[':status']).toBe(200);
  });

  test("an error that is nothing but headers keeps its code and gRPC's words", async () => {
    const url = await listen((stream) =>
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '8', 'grpc-message': 'too much' },
        { endStream: true },
      ),
    );
    const gateway = await serve(url);
    const transport = createGrpcTransport({
      baseUrl: gateway,
      interceptors: [
        (next) => async (request) => {
          request.header.set('authorization', 'Bearer token');
          return await next(request);
        },
      ],
    });
    await expect(createClient(EndpointService, transport).computeEndpoints({})).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: 'too much',
    });
  });

  test('a caller that goes away takes its call along', async () => {
    const called = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<number>();
    const gateway = await serve(
      await listen((stream) => {
        called.resolve();
        stream.once('close', () => closed.resolve(stream.rstCode ?? 0));
      }),
    );
    const abort = new AbortController();
    const call = fetch(`${gateway}${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer token' },
      signal: abort.signal,
    });
    await called.promise;
    abort.abort();
    await expect(call).rejects.toThrow('aborted');
    expect(await closed.promise).toBe(8);
  });

  test("callers' secrets do not reach functions, the gateway's own token does", async () => {
    const seen = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    const url = await listen((stream, headers) => {
      seen.resolve(headers);
      stream.respond({ ':status': 200 });
      stream.end();
    });
    const gateway = await serve(url);
    await fetch(`${gateway}${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'cf-access-client-secret': 's', cookie: 'c=d', 'x-other': '1' },
    });
    const headers = await seen.promise;
    expect(headers).toMatchObject({ authorization: 'Bearer between-us', 'x-other': '1', te: 'trailers' });
    expect(headers).not.toHaveProperty('cf-access-client-secret');
    expect(headers).not.toHaveProperty('cookie');
  });
});

test('headers of the connection to the gateway end there', async () => {
  const seen = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const url = await listen((stream, headers) => {
    seen.resolve(headers);
    stream.respond({ ':status': 200 });
    stream.end();
  });
  const headers = { authorization: 'Bearer token', connection: 'close, X-Hop', 'x-hop': '1', 'x-other': '1' };
  const call = request(`${await serve(url)}${path}`, { method: 'POST', headers }).end();
  await once(call, 'response');
  call.destroy();
  expect(await seen.promise).not.toHaveProperty('x-hop');
  expect(await seen.promise).toHaveProperty('x-other', '1');
});

const authorizedCall = { ':method': 'POST', ':path': path, authorization: 'Bearer token' };

function openSession(url: string): ClientHttp2Session {
  const session = connect(url);
  cleanups.push(async () => session.destroy());
  return session;
}

async function serve(origin: string, timeoutMs?: number): Promise<string> {
  const upstreams = new Map([['*', origin]]);
  const gateway = await serveGateway({
    ...address,
    tokens: 'token',
    upstreams,
    upstreamToken: 'between-us',
    timeoutMs,
    drainMs: 100,
  });
  cleanups.push(() => gateway.close());
  return gateway.url;
}

type StreamHandler = (stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>) => void;

/** A server of streams that do what a test says. */
async function listen(handle: StreamHandler): Promise<string> {
  const server: Http2Server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    handle(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    sessions.forEach((session) => session.destroy());
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function codeOf(url: string): Promise<Code | undefined> {
  return await createClient(EndpointService, connectBinary(url, { authorization: 'Bearer token' }))
    .computeEndpoints({ now: timestampFromMs(0) })
    .then(
      () => undefined,
      (err: unknown) => ConnectError.from(err).code,
    );
}
