import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareSchemaVersion, schemaVersion, schemaVersionHeader } from '../../functions/serving/schema-version.ts';
import { Health, HealthCheckResponse_ServingStatus } from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { ClusterService } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { DataPlaneService } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { EndpointService } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { RouteService } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { runNodeEdge } from './node-edge.ts';
import { connectAnew, connectBinary, nodeProtocols, workerProtocols } from './protocols.ts';
import { type RunningEdge } from './running-edge.ts';
import { runWorkerEdge } from './worker-edge.ts';

const edges = [
  { where: 'Workers', run: runWorkerEdge, protocols: workerProtocols },
  { where: 'Node services', run: runNodeEdge, protocols: nodeProtocols },
];

const authorized = { authorization: 'Bearer old' };
const now = timestampFromMs(Date.UTC(2026, 5, 1));

describe.each(edges)('the gateway before $where', ({ run, protocols }) => {
  let edge: RunningEdge;

  beforeAll(async () => {
    edge = await run('old,new');
  });

  afterAll(async () => {
    await edge[Symbol.asyncDispose]();
  });

  describe.each(protocols)('over $name', ({ connect }) => {
    test('every function is reached', async () => {
      const transport = connect(edge.url, authorized);
      const [dataPlane, endpoints, routes, clusters] = await Promise.all([
        createClient(DataPlaneService, transport).computeDataPlane({}),
        createClient(EndpointService, transport).computeEndpoints({ now, groups: [{ name: 'web', port: 80 }] }),
        createClient(RouteService, transport).computeRoutes({ virtualHosts: [{ name: 'v', domains: ['*'] }] }),
        createClient(ClusterService, transport).computeClusters({}),
      ]);
      expect(dataPlane.cluster?.name).toBe('envoy-cluster');
      expect(endpoints.groups.map(({ name }) => name)).toEqual(['web']);
      expect(routes.virtualHosts.map(({ name }) => name)).toEqual(['v']);
      expect(clusters.clusters).toEqual([]);
    });

    test('both tokens pass, and nobody else', async () => {
      const codes = await Promise.all(
        ['Bearer old', 'Bearer new', 'Bearer other', 'Bearer undefined', 'Bearer old,new', ''].map((authorization) =>
          codeOf(connect(edge.url, { authorization })),
        ),
      );
      const { Unauthenticated } = Code;
      expect(codes).toEqual([undefined, undefined, Unauthenticated, Unauthenticated, Unauthenticated, Unauthenticated]);
    });

    test('an invalid request is refused by the function, which tells its version', async () => {
      const error = await failureOf(connect(edge.url, authorized), {});
      expect(error?.code).toBe(Code.InvalidArgument);
      expect(error?.rawMessage).toBe('now: value is required [required]');
      expect(compareSchemaVersion(error?.metadata.get(schemaVersionHeader))).toBe('same');
    });

    test('a refusal of the gateway tells no version', async () => {
      const error = await failureOf(connect(edge.url, {}), { now });
      expect(compareSchemaVersion(error?.metadata.get(schemaVersionHeader))).toBe('unknown');
    });

    test('a caller of a newer schema is refused, and sees that the function is the same as ever', async () => {
      const headers = { ...authorized, [schemaVersionHeader]: String(schemaVersion + 1) };
      const error = await failureOf(connect(edge.url, headers), { now });
      expect(error?.code).toBe(Code.FailedPrecondition);
      expect(compareSchemaVersion(error?.metadata.get(schemaVersionHeader), schemaVersion + 1)).toBe('older');
    });
  });

  test('a success tells the version', async () => {
    const seen: (string | null)[] = [];
    const client = createClient(DataPlaneService, connectBinary(edge.url, authorized));
    await client.computeDataPlane({}, { onHeader: (headers) => seen.push(headers.get(schemaVersionHeader)) });
    expect(seen).toEqual([String(schemaVersion)]);
  });

  test('what is no function is UNIMPLEMENTED', async () => {
    const paths = ['/', '/FUNCTIONS_TOKEN/x', '/constructor.prototype/x', '/tailway.endpoints.v1.EndpointService/x/y'];
    const statuses = await Promise.all(
      paths.map(async (path) => (await fetch(`${edge.url}${path}`, { method: 'POST', headers: authorized })).status),
    );
    expect(statuses).toEqual([404, 404, 404, 404]);
  });

  test('health needs no token', async () => {
    const response = await fetch(`${edge.url}/healthz`);
    expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
  });

  test('a refusal says in JSON what is wrong', async () => {
    const response = await fetch(`${edge.url}/tailway.dataplane.v1.DataPlaneService/ComputeDataPlane`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toEqual({ code: 'unauthenticated', message: 'a valid bearer token is needed' });
  });

  test('a large request passes', async () => {
    const devices = Array.from({ length: 5000 }, (_, index) => ({
      id: `n${index}`,
      name: `web-${index}`,
      authorized: true,
      addresses: [`100.64.${index >> 8}.${index & 255 || 1}`],
      tags: ['tag:weight-1'],
    }));
    const client = createClient(EndpointService, connectBinary(edge.url, authorized));
    const { groups } = await client.computeEndpoints({ now, groups: [{ name: 'web', port: 80 }], devices });
    expect(groups[0]?.localities[0]?.endpoints.length).toBeGreaterThan(4900);
  });

  // Last, since it replaces the secret.
  test('a token is replaced without a gap, and without a secret nobody passes', async () => {
    const call = (token: string) => codeOf(connectAnew(edge.url, { authorization: `Bearer ${token}` }));
    const calls = async (...tokens: readonly string[]) => {
      const codes: (Code | undefined)[] = [];
      for (const token of tokens) codes.push(await call(token));
      return codes;
    };

    // The local runtime starts its Workers anew, and may lose calls until it is done.
    await edge.setToken('new,newer');
    await expect.poll(() => calls('old', 'new', 'newer')).toEqual([Code.Unauthenticated, undefined, undefined]);
    for (const secret of [undefined, '', ',']) {
      await edge.setToken(secret);
      const nobody = [Code.Unavailable, Code.Unavailable, Code.Unavailable];
      await expect.poll(() => calls('new', 'undefined', '')).toEqual(nobody);
      await expect.poll(async () => (await fetch(`${edge.url}/healthz`)).status).toBe(503);
    }
  });
});

test('the gateway passes streams of gRPC through to a Node service, and what ends them', async () => {
  await using edge = await runNodeEdge('old');
  const client = createClient(Health, createGrpcTransport({ baseUrl: edge.url, interceptors: [withToken] }));
  const ended = new AbortController();
  const statuses: number[] = [];
  const watch = async () => {
    for await (const { status } of client.watch({}, { signal: ended.signal })) {
      statuses.push(status);
      ended.abort();
    }
  };
  await expect(watch()).rejects.toMatchObject({ code: Code.Canceled });
  expect(statuses).toEqual([HealthCheckResponse_ServingStatus.SERVING]);
});

const withToken: Interceptor = (next) => async (request) => {
  request.header.set('authorization', 'Bearer old');
  return await next(request);
};

async function codeOf(transport: Transport): Promise<Code | undefined> {
  return (await failureOf(transport, { now }))?.code;
}

async function failureOf(
  transport: Transport,
  request: { readonly now?: typeof now },
): Promise<ConnectError | undefined> {
  return await createClient(EndpointService, transport)
    .computeEndpoints(request)
    .then(
      () => undefined,
      (err: unknown) => ConnectError.from(err),
    );
}
