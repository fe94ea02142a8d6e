import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/all-functions.ts';
import { serveGateway } from '../../functions/gateway/serve/node.ts';
import { createCertificateFiles } from '../../functions/serving/certificates/node.ts';
import { serveFunctions, type ServeOptions } from '../../functions/serving/node.ts';
import { Health, HealthCheckResponse_ServingStatus } from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { EndpointService } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { createTestAuthority, type TestAuthority } from '../envoy/test-certificate.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) {
    await cleanup();
  }
});

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;

describe('health', () => {
  test('is told of the server and of each service, without a token', async () => {
    const { url } = await serve({ tokens: 'token' });
    const client = createClient(Health, createGrpcTransport({ baseUrl: url }));
    expect((await client.check({})).status).toBe(SERVING);
    expect((await client.check({ service: EndpointService.typeName })).status).toBe(SERVING);
    expect(await codeOf(client.check({ service: 'no.Such' }))).toBe(Code.NotFound);
    expect(await codeOf(client.list({}))).toBe(Code.Unauthenticated);
  });

  test('is watched until the server stops', async () => {
    const server = await serveFunctions({ routes: registerFunctions, bindAddress: '127.0.0.1', port: 0 });
    const client = createClient(Health, createGrpcTransport({ baseUrl: server.url }));
    const seen: number[] = [];
    for await (const { status } of client.watch({ service: EndpointService.typeName })) {
      seen.push(status);
      void server.close();
    }
    expect(seen).toEqual([SERVING, NOT_SERVING]);
  });

  test('of what is no service is unknown', async () => {
    const { url } = await serve();
    const client = createClient(Health, createGrpcTransport({ baseUrl: url }));
    for await (const { status } of client.watch({ service: 'no.Such' })) {
      expect(status).toBe(SERVICE_UNKNOWN);
      break;
    }
    expect(Object.keys((await client.list({})).statuses)).toContain(EndpointService.typeName);
  });
});

describe('reflection', () => {
  test('names all services and describes them with what they import', async () => {
    const { url } = await serve();
    const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: url }));
    async function* ask() {
      yield { messageRequest: { case: 'listServices', value: '' } } as const;
      yield { messageRequest: { case: 'fileContainingSymbol', value: 'tailway.endpoints.v1.Group.name' } } as const;
      yield { messageRequest: { case: 'fileByFilename', value: 'tailway/tailnet/v1/device.proto' } } as const;
      yield { messageRequest: { case: 'fileContainingSymbol', value: 'no.Such' } } as const;
    }
    const answers = [];
    for await (const { messageResponse } of client.serverReflectionInfo(ask())) {
      answers.push(messageResponse);
    }
    const [services, endpoints, device, nothing] = answers;
    expect(services?.case === 'listServicesResponse' && services.value.service.map(({ name }) => name)).toEqual([
      'tailway.clusters.v1.ClusterService',
      'tailway.dataplane.v1.DataPlaneService',
      'tailway.endpoints.v1.EndpointService',
      'tailway.routes.v1.RouteService',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
    ]);
    expect(fileNames(endpoints)).toContain('tailway/endpoints/v1/endpoints.proto');
    expect(fileNames(endpoints)).toContain('envoy/config/endpoint/v3/endpoint.proto');
    expect(fileNames(device)[0]).toBe('tailway/tailnet/v1/device.proto');
    expect(nothing).toMatchObject({ case: 'errorResponse', value: { errorCode: Code.NotFound } });
  });

  function fileNames(answer: { case?: string | undefined; value?: unknown } | undefined): string[] {
    if (answer?.case !== 'fileDescriptorResponse') return [];
    const { fileDescriptorProto } = answer.value as { fileDescriptorProto: Uint8Array[] };
    return fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
  }
});

describe('TLS', () => {
  let authority: TestAuthority;
  let other: TestAuthority;
  let folder: string;

  beforeAll(async () => {
    [authority, other] = await Promise.all([createTestAuthority(), createTestAuthority()]);
    folder = await mkdtemp(join(tmpdir(), 'tailway-tls-'));
    return async () => {
      await Promise.all([authority, other].map((it) => it[Symbol.asyncDispose]()));
      await rm(folder, { recursive: true });
    };
  });

  const protocols: { name: string; create: (baseUrl: string, nodeOptions: object) => Transport }[] = [
    { name: 'gRPC', create: (baseUrl, nodeOptions) => createGrpcTransport({ baseUrl, nodeOptions }) },
    {
      name: 'gRPC-Web on HTTP/1.1',
      create: (baseUrl, nodeOptions) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1', nodeOptions }),
    },
    {
      name: 'Connect on HTTP/1.1',
      create: (baseUrl, nodeOptions) => createConnectTransport({ baseUrl, httpVersion: '1.1', nodeOptions }),
    },
    {
      name: 'Connect on HTTP/2',
      create: (baseUrl, nodeOptions) => createConnectTransport({ baseUrl, httpVersion: '2', nodeOptions }),
    },
  ];

  test.each(protocols)(
    '$name: a client certificate of the right authority passes, no other one',
    async ({ create }) => {
      const { url } = await serve({ certificates: await certificates({ clientCaFile: authority.caFile }) });
      const ca = await readFile(authority.caFile);
      const [mine, foreign] = await Promise.all([authority.issue('DNS:shim'), other.issue('DNS:shim')]);
      const codes = [
        await callCode(create(url, { ca, ...mine })),
        await callCode(create(url, { ca, ...foreign })),
        await callCode(create(url, { ca })),
      ];
      expect(codes).toEqual([undefined, Code.Unauthenticated, Code.Unauthenticated]);
    },
  );

  test('health needs no certificate, and the gateway asks for one as well', async () => {
    const options = { certificates: await certificates({ clientCaFile: authority.caFile }) };
    const ca = await readFile(authority.caFile);
    const functions = await serve(options);
    const health = createClient(Health, createGrpcTransport({ baseUrl: functions.url, nodeOptions: { ca } }));
    expect((await health.check({})).status).toBe(SERVING);

    const plain = await serve();
    const gateway = await serveGateway({
      ...options,
      bindAddress: '127.0.0.1',
      port: 0,
      tokens: 'token',
      upstreams: new Map([['*', plain.url]]),
    });
    cleanups.push(() => gateway.close());
    const call = (nodeOptions: object) =>
      callCode(
        createGrpcTransport({
          baseUrl: gateway.url,
          nodeOptions: { ca, ...nodeOptions },
          interceptors: [
            (next) => async (request) => {
              request.header.set('authorization', 'Bearer token');
              return await next(request);
            },
          ],
        }),
      );
    expect([await call({}), await call(await authority.issue('DNS:shim'))]).toEqual([Code.Unauthenticated, undefined]);
  });

  test('without client authorities nobody is asked for a certificate', async () => {
    const { url } = await serve({ certificates: await certificates({}) });
    const ca = await readFile(authority.caFile);
    expect(await callCode(createGrpcTransport({ baseUrl: url, nodeOptions: { ca } }))).toBeUndefined();
  });

  test('a changed certificate is taken without a restart, one that is none is told and left', async () => {
    const errors: string[] = [];
    const files = await certificates({ intervalMs: 20, onError: (error) => errors.push(error.message) });
    const { url } = await serve({ certificates: files });
    const port = Number(new URL(url).port);
    const first = await serverFingerprint(port);

    await writeFile(join(folder, 'none.crt'), 'none');
    await rename(join(folder, 'none.crt'), join(folder, 'tls.crt'));
    await expect.poll(() => errors).toHaveLength(1);
    expect(errors[0]).toContain('TLS_CERT_FILE');
    expect(await serverFingerprint(port)).toBe(first);

    // As a mounted Secret changes: the name leads elsewhere.
    const { cert, key } = await authority.issue('IP:127.0.0.1');
    await writeFile(join(folder, 'next.crt'), cert);
    await writeFile(join(folder, 'next.key'), key);
    for (const suffix of ['crt', 'key']) {
      await unlink(join(folder, `tls.${suffix}`));
      await symlink(join(folder, `next.${suffix}`), join(folder, `tls.${suffix}`));
    }
    await expect.poll(() => serverFingerprint(port)).not.toBe(first);
    await Promise.all(['crt', 'key'].map((suffix) => unlink(join(folder, `tls.${suffix}`))));
  });

  test.each([
    { name: 'no file', certFile: '/no/such.crt', text: 'TLS_CERT_FILE (/no/such.crt)' },
    { name: 'another key', keyFile: 'other', text: 'are no certificate and its key' },
    { name: 'no authority', clientCaFile: 'other', text: 'TLS_CLIENT_CA_FILE' },
  ])('$name ends the start with its variable', async ({ text, ...names }) => {
    const foreign = await other.issue('DNS:x');
    await writeFile(join(folder, 'other'), foreign.key);
    const placed = Object.fromEntries(
      Object.entries(names).map(([name, file]) => [name, file === 'other' ? join(folder, 'other') : file]),
    );
    await expect(serve({ certificates: await certificates(placed) })).rejects.toThrow(text);
  });

  async function certificates({
    intervalMs,
    onError = () => undefined,
    ...names
  }: {
    readonly clientCaFile?: string;
    readonly intervalMs?: number;
    readonly onError?: (error: Error) => void;
  }) {
    const { cert, key } = await authority.issue('IP:127.0.0.1');
    const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
    await writeFile(certFile, cert);
    await writeFile(keyFile, key);
    return createCertificateFiles({ names: { certFile, keyFile, ...names }, onError, intervalMs });
  }
});

async function serve(options: Partial<ServeOptions> = {}): Promise<{ readonly url: string }> {
  const server = await serveFunctions({ routes: registerFunctions, bindAddress: '127.0.0.1', port: 0, ...options });
  cleanups.push(() => server.close());
  return server;
}

async function callCode(transport: Transport): Promise<Code | undefined> {
  return await codeOf(createClient(EndpointService, transport).computeEndpoints({ now: timestampFromMs(0) }));
}

async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  return await call.then(
    () => undefined,
    (err: unknown) => ConnectError.from(err).code,
  );
}

/** The fingerprint of the certificate that a new connection is shown. */
async function serverFingerprint(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
