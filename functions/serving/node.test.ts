import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  type Interceptor,
  type Transport,
} from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, test } from 'vitest';
import { EndpointService } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { registerEndpoints } from '../endpoints/handler.ts';
import { maxRequestBytes } from './limits.ts';
import { type FunctionServer, serveFunctions, type ServeOptions } from './node.ts';

const servers: FunctionServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const protocols = [
  {
    name: 'gRPC',
    create: (baseUrl: string, interceptors: Interceptor[]) => createGrpcTransport({ baseUrl, interceptors }),
  },
  {
    name: 'gRPC-Web on HTTP/1.1',
    create: (baseUrl: string, interceptors: Interceptor[]) =>
      createGrpcWebTransport({ baseUrl, interceptors, httpVersion: '1.1' }),
  },
  {
    name: 'Connect on HTTP/1.1',
    create: (baseUrl: string, interceptors: Interceptor[]) =>
      createConnectTransport({ baseUrl, interceptors, httpVersion: '1.1' }),
  },
  {
    name: 'Connect on HTTP/2',
    create: (baseUrl: string, interceptors: Interceptor[]) =>
      createConnectTransport({ baseUrl, interceptors, httpVersion: '2' }),
  },
];

describe.each(protocols)('$name', ({ create }) => {
  test('a call without one of the tokens is UNAUTHENTICATED', async () => {
    const { url } = await serve({ tokens: 'old,new' });
    const codes = await Promise.all(
      ['Bearer old', 'Bearer new', 'Bearer other', undefined].map((header) =>
        callCode(create(url, [authorize(header)])),
      ),
    );
    expect(codes).toEqual([undefined, undefined, Code.Unauthenticated, Code.Unauthenticated]);
  });

  test('a refused request keeps its code', async () => {
    const { url } = await serve();
    expect(await callCode(create(url, []), {})).toBe(Code.InvalidArgument);
  });

  test('a fault of ours is INTERNAL, says nothing to the caller and all to us', async () => {
    const failures: [string, unknown][] = [];
    const routes = (router: ConnectRouter) => {
      router.service(EndpointService, {
        computeEndpoints() {
          throw new TypeError('a bug');
        },
      });
    };
    const { url } = await serve({ routes, onFailure: (method, error) => failures.push([method, error.cause]) });
    await expect(createClient(EndpointService, create(url, [])).computeEndpoints({})).rejects.toMatchObject({
      code: Code.Internal,
      rawMessage: 'internal error',
    });
    expect(failures).toEqual([['tailway.endpoints.v1.EndpointService/ComputeEndpoints', new TypeError('a bug')]]);
  });

  test('a running call ends before the server is closed', async () => {
    const called = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const routes = (router: ConnectRouter) => {
      router.service(EndpointService, {
        async computeEndpoints() {
          called.resolve();
          await answer.promise;
          return {};
        },
      });
    };
    const server = await serve({ routes });
    const call = callCode(create(server.url, []));
    await called.promise;
    const closed = server.close();
    answer.resolve();
    expect(await call).toBeUndefined();
    await closed;
  });
});

// gRPC's client in connect-node may see the end of the stream before its status, and say INTERNAL.
test.each(protocols.filter(({ name }) => name !== 'gRPC'))(
  'a request beyond the limit is RESOURCE_EXHAUSTED over $name',
  async ({ create }) => {
    const { url } = await serve();
    const unhealthy = ['x'.repeat(maxRequestBytes)];
    expect(await callCode(create(url, []), { now: timestampFromMs(0), unhealthy })).toBe(Code.ResourceExhausted);
  },
);

test('health is told without a token, another path is not found', async () => {
  const { url } = await serve({ tokens: 'secret' });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/other`)).status).toBe(401);
  const response = await fetch(`${url}/other`, { headers: { authorization: 'Bearer secret' } });
  expect(response.status).toBe(404);
});

test('the kind of a connection is found out byte by byte', async () => {
  const { url } = await serve();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  for (const part of ['P', 'R', 'OPFIND /healthz HTTP/1.1\r\n', 'host: x\r\nconnection: close\r\n\r\n']) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
});

test('silent connections do not keep a server open', async () => {
  const server = await serveFunctions({ routes: registerEndpoints, bindAddress: '127.0.0.1', port: 0 });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  await server.close();
  await expect(fetch(server.url)).rejects.toThrow('fetch failed');
});

test('IPv6 addresses stand in brackets', async () => {
  const { url } = await serve({ bindAddress: '::1' });
  expect(url).toMatch(/^http:\/\/\[::1\]:[0-9]+$/);
});

describe('the process', () => {
  test('serves until SIGTERM', async () => {
    const child = run({ PORT: '0', BIND_ADDRESS: '127.0.0.1', FUNCTIONS_TOKEN: 'secret' });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { url, message } = JSON.parse(line.toString()) as { url: string; message: string };
    expect(message).toBe('serving functions');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.each([
    { name: 'a bad port', env: { PORT: 'http' }, variable: 'PORT' },
    { name: 'an address that is none', env: { PORT: '0', BIND_ADDRESS: '192.0.2.1' }, variable: 'BIND_ADDRESS' },
    { name: 'no token where one was meant', env: { FUNCTIONS_TOKEN: ',' }, variable: 'FUNCTIONS_TOKEN' },
  ])('ends at once with $name', async ({ env, variable }) => {
    const child = run(env);
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number]>]);
    expect(code).toBeGreaterThan(0);
    expect(output).toContain(variable);
  });

  function run(env: Record<string, string>) {
    const entry = `${import.meta.dirname}/../node.ts`;
    return spawn(process.execPath, [entry], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }
});

async function serve(options: Partial<ServeOptions> = {}): Promise<FunctionServer> {
  const server = await serveFunctions({ routes: registerEndpoints, bindAddress: '127.0.0.1', port: 0, ...options });
  servers.push(server);
  return server;
}

function authorize(header: string | undefined): Interceptor {
  return (next) => async (request) => {
    if (header !== undefined) {
      request.header.set('authorization', header);
    }
    return await next(request);
  };
}

/** The code that a call fails with; undefined when it does not. */
async function callCode(
  transport: Transport,
  request: Parameters<ReturnType<typeof createClient<typeof EndpointService>>['computeEndpoints']>[0] = {
    now: timestampFromMs(0),
  },
): Promise<Code | undefined> {
  return await createClient(EndpointService, transport)
    .computeEndpoints(request)
    .then(
      () => undefined,
      (err: unknown) => ConnectError.from(err).code,
    );
}

test.each([
  { name: 'half a request of HTTP/1.1', bytes: 'POST /healthz HTTP/1.1\r\nhost: x\r\n' },
  { name: 'half a preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\n' },
])('closing does not wait for ever for $name', async ({ bytes }) => {
  const server = await serveFunctions({ bindAddress: '127.0.0.1', port: 0, routes: registerEndpoints, drainMs: 50 });
  const { port } = new URL(server.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.write(bytes, resolve));
  // Until the server has seen it.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(server.close()).resolves.toBeUndefined();
  socket.destroy();
});
