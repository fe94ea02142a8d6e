import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerClusters } from '../../functions/clusters/handler.ts';
import { registerDataPlane } from '../../functions/dataplane/handler.ts';
import { registerEndpoints } from '../../functions/endpoints/handler.ts';
import { schemaVersion } from '../../functions/serving/schema-version.ts';
import { type FunctionServer, serveFunctions } from '../../functions/serving/node.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { ComputeClustersRequestSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { ComputeDataPlaneRequestSchema } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import {
  ComputeEndpointsRequestSchema,
  ComputeEndpointsResponseSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type EdgeFault, edgeFaults, startFaultyEdge } from '../../test/edge-faults/faulty-edge.ts';
import type { Clock } from '../timing/clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { isAboutContent } from './call-error.ts';
import { endpointsFunction } from './endpoints-function.ts';
import { createOriginCaller } from './origin-caller.ts';
import { createRemoteFunctions, type RemoteFunctionsOptions } from './remote-functions.ts';

const token = 'tk-secret-of-the-shim';

/** Waits are over 20 times sooner, so that circuits open and close within a test. */
const fastClock: Clock = {
  now: () => Date.now() * 20,
  monotonicMs: () => Math.floor(performance.now() * 20),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms / 20);
    return () => clearTimeout(timer);
  },
};

const routes = (router: ConnectRouter) => {
  registerClusters(router);
  registerDataPlane(router);
  registerEndpoints(router);
};

let server: FunctionServer;

beforeAll(async () => {
  server = await serveFunctions({ routes, bindAddress: '127.0.0.1', port: 0, tokens: `other,${token}` });
});

afterAll(() => server.close());

type CallerOptions = Parameters<typeof createOriginCaller>[0];

function connect(
  origins: readonly [string, ...string[]],
  more: Partial<RemoteFunctionsOptions> = {},
  caller: Partial<CallerOptions> = {},
) {
  const metrics = createMetrics({ version: 'test' });
  const log = createFakeLog();
  const toCaller = (origin: string) =>
    createOriginCaller({
      origin,
      protocol: 'connect',
      compression: 'off',
      headers: { authorization: `Bearer ${token}` },
      tls: () => ({}),
      clock: fastClock,
      ...caller,
    });
  const [first, ...others] = origins;
  const functions = createRemoteFunctions({
    callers: [toCaller(first), ...others.map(toCaller)],
    fallback: 'in-process',
    timeoutMs: 20_000,
    clock: fastClock,
    random: () => 0.5,
    metrics,
    log,
    ...more,
  });
  return {
    functions,
    log,
    metrics: () => metrics.registry.metrics(),
    place: (name = 'endpoints') => functions.status().find((each) => each.function === name),
    [Symbol.dispose]: () => functions.close(),
  };
}

/** A good call has all the time that a slow machine needs; only one that hangs is waited for. */
const patienceWith = (fault: EdgeFault) => (fault === 'hang' ? { timeoutMs: 2000 } : {});

let requests = 0;
const requestEndpoints = () =>
  create(ComputeEndpointsRequestSchema, {
    now: timestampFromMs(Date.parse('2026-01-01T00:00:00Z') + requests++),
    groups: [{ name: 'web', port: 8080 }],
    devices: [
      { id: 'a', addresses: ['100.64.0.1'], tags: ['tag:weight-1', 'tag:secret-project'], authorized: true },
      { id: 'b', addresses: ['FD7A:115C:A1E0::1'], tags: ['tag:weight-2'], authorized: true },
    ],
  });

const bytes = (answer: Parameters<typeof toBinary<typeof ComputeEndpointsResponseSchema>>[1]) =>
  Buffer.from(toBinary(ComputeEndpointsResponseSchema, answer)).toString('hex');

describe.each(['connect', 'grpc', 'grpc-web'] as const)('over %s', (protocol) => {
  it.each(['off', 'gzip'] as const)('the same bytes come back as in process, compression %s', async (compression) => {
    using remote = connect([server.url], {}, { protocol, compression });
    const request = requestEndpoints();
    const answer = await remote.functions.computeEndpoints(request);
    expect(bytes(answer)).toBe(bytes(endpointsFunction.compute(request)));
    await remote.functions.computeDataPlane(create(ComputeDataPlaneRequestSchema));
    await remote.functions.computeClusters(
      create(ComputeClustersRequestSchema, {
        endpoints: [
          {
            ref: { namespace: 'n', resource: 'r', endpoint: 'e' },
            port: 80,
            protocol: 1,
            upstream: { case: 'externalTarget', value: 'example.com:80' },
          },
        ],
      }),
    );
    expect(remote.functions.status().map(({ function: name, place }) => [name, place])).toEqual([
      ['clusters', 'remote'],
      ['dataplane', 'remote'],
      ['endpoints', 'remote'],
    ]);
    expect(remote.log.lines).toEqual([]);
  });

  it('a server that is away is answered for', async () => {
    using remote = connect(['http://127.0.0.1:9'], {}, { protocol });
    const request = requestEndpoints();
    expect(bytes(await remote.functions.computeEndpoints(request))).toBe(bytes(endpointsFunction.compute(request)));
    expect(remote.place()).toMatchObject({ place: 'fallback', circuit: 'open' });
    expect(await remote.metrics()).toMatch(/calls_total\{function="endpoints",result="unavailable",place="remote"\} 3/);
  });

  it('functions of an older release are told apart from broken ones', async () => {
    using remote = connect([server.url], {}, { protocol, ownSchema: schemaVersion + 1 });
    const request = requestEndpoints();
    expect(bytes(await remote.functions.computeEndpoints(request))).toBe(bytes(endpointsFunction.compute(request)));
    expect(remote.place()).toMatchObject({ place: 'fallback', circuit: 'open' });
    expect(remote.place()?.lastError).toContain('older schema than this process: deploy the functions again');
    expect(await remote.metrics()).toMatch(/result="skew",place="remote"\} 1/);
  });

  it('a wrong token is told apart', async () => {
    using remote = connect([server.url], {}, { protocol, headers: { authorization: 'Bearer wrong' } });
    await remote.functions.computeEndpoints(requestEndpoints());
    expect(remote.place()).toMatchObject({ place: 'fallback', circuit: 'open' });
    expect(remote.place()?.lastError).toContain('FUNCTIONS_TOKEN');
    expect(await remote.metrics()).toMatch(/result="unauthenticated",place="remote"\} 1/);
  });
});

describe('an edge that', () => {
  const results: Readonly<Record<Exclude<EdgeFault, 'well'>, string>> = {
    hang: 'timeout',
    'break-off': 'unavailable',
    unauthorized: 'unauthenticated',
    login: 'unauthenticated',
    'not-found': 'not-found',
    'rate-limited': 'rate-limited',
    'rate-limited-in-words': 'rate-limited',
    'bad-request': 'garbage',
    failing: 'unavailable',
    'bad-gateway': 'unavailable',
    html: 'garbage',
    noise: 'garbage',
    flood: 'garbage',
    nothing: 'garbage',
    'no-version': 'garbage',
    half: 'unavailable',
    'foreign-hosts': 'garbage',
    'other-schema': 'skew',
  };

  it.each(edgeFaults)('has the fault %s is answered for, and asked again when it is well', async (fault) => {
    await using edge = await startFaultyEdge(server.url);
    using remote = connect([edge.url], patienceWith(fault));
    const compute = async () => {
      const request = requestEndpoints();
      expect(bytes(await remote.functions.computeEndpoints(request))).toBe(bytes(endpointsFunction.compute(request)));
    };
    await compute();
    expect(remote.place()?.place).toBe('remote');

    edge.set(fault);
    for (let i = 0; i < 5; i++) await compute();
    expect(remote.place()).toMatchObject({ place: 'fallback', url: edge.url, lastError: expect.any(String) });
    expect(await remote.metrics()).toContain(`function="endpoints",result="${results[fault]}",place="remote"`);
    expect(await remote.metrics()).toMatch(/calls_total\{function="endpoints",result="ok",place="fallback"\} [1-5]/);
    const moved = 'a function runs in this process: where it should run, it fails';
    expect(remote.log.messages('warn').filter((message) => message === moved)).toHaveLength(1);

    edge.set('well');
    await waitFor('the probe', () => (remote.place()?.place === 'remote' ? true : undefined));
    await compute();
    expect(remote.place()).toMatchObject({ place: 'remote', circuit: 'closed' });
    expect(remote.place()?.lastError).toBeUndefined();
    expect(remote.log.messages('info')).toEqual(['a function runs remotely again']);
    expect(JSON.stringify([remote.log.lines, remote.functions.status()])).not.toContain(token);
  });
});

describe('remote functions', () => {
  it('send only what the function looks at, and their proof in headers alone', async () => {
    await using edge = await startFaultyEdge(server.url);
    using remote = connect([edge.url]);
    await remote.functions.computeEndpoints(requestEndpoints());
    const [call] = edge.received;
    expect(call?.headers.authorization).toBe(`Bearer ${token}`);
    expect(call?.headers['tailway-schema-version']).toMatch(/^\d+$/);
    expect(call?.body.toString('latin1')).toContain('tag:weight-1');
    expect(call?.body.toString('latin1')).not.toContain('secret-project');
    expect(call?.body.toString('latin1')).not.toContain(token);
  });

  it('read no answer that is out of all proportion to its request', async () => {
    await using edge = await startFaultyEdge(server.url);
    edge.set('flood');
    using remote = connect([edge.url]);
    await remote.functions.computeEndpoints(requestEndpoints());
    expect(remote.place()?.lastError).toContain('it is no answer of a function');
  });

  it('take the next origin while the first is broken, and the first again', async () => {
    await using edge = await startFaultyEdge(server.url);
    edge.set('unauthorized');
    using remote = connect([edge.url, server.url]);
    await remote.functions.computeEndpoints(requestEndpoints());
    expect(remote.place()).toMatchObject({ place: 'remote', url: server.url, circuit: 'closed' });
    expect(remote.place()?.lastError).toContain(edge.url);
    edge.set('well');
    await waitFor('the probe', () => (remote.place()?.url === edge.url ? true : undefined));
  });

  it('without a fallback fail, and say why', async () => {
    await using edge = await startFaultyEdge(server.url);
    edge.set('unauthorized');
    using remote = connect([edge.url], { fallback: 'none' });
    await expect(remote.functions.computeEndpoints(requestEndpoints())).rejects.toThrow(/status 401/);
    await expect(remote.functions.computeEndpoints(requestEndpoints())).rejects.toThrow(/status 401/);
    expect(edge.calls.get('ComputeEndpoints')).toBe(1);
    expect(remote.place()).toMatchObject({ place: 'remote', circuit: 'open' });
  });

  it.each(edgeFaults)('without a fallback never blame the request for %s', async (fault) => {
    await using edge = await startFaultyEdge(server.url);
    edge.set(fault);
    using remote = connect([edge.url], { fallback: 'none', ...patienceWith(fault) });
    // The publisher would take it as final, and publish without the group.
    for (let i = 0; i < 3; i++) {
      const err: unknown = await remote.functions
        .computeEndpoints(requestEndpoints())
        .catch((reason: unknown) => reason);
      expect([err, isAboutContent(err)]).toEqual([expect.any(ConnectError), false]);
    }
  });

  it('do not take a request that is refused for an outage', async () => {
    await using edge = await startFaultyEdge(server.url);
    using remote = connect([edge.url, server.url]);
    const refused = create(ComputeEndpointsRequestSchema, { groups: [{ name: 'web', port: 70_000 }] });
    const answer = await remote.functions.computeEndpoints(refused);
    expect(answer.groups).toHaveLength(1);
    expect(remote.place()).toMatchObject({ place: 'remote', circuit: 'closed' });
    expect(remote.place()?.lastError).toContain('groups[0].port');
    expect(await remote.metrics()).toMatch(/result="invalid",place="remote"\} 1/);
    expect(await remote.metrics()).toMatch(/result="ok",place="fallback"\} 1/);
  });

  it('do not send an unchanged input again, and equal ones once', async () => {
    await using edge = await startFaultyEdge(server.url);
    using remote = connect([edge.url]);
    const request = () => create(ComputeDataPlaneRequestSchema, { clusterName: 'web' });
    await Promise.all([1, 2, 3].map(() => remote.functions.computeDataPlane(request())));
    await remote.functions.computeDataPlane(request());
    expect(edge.calls.get('ComputeDataPlane')).toBe(1);
    await remote.functions.computeDataPlane(create(ComputeDataPlaneRequestSchema, { clusterName: 'api' }));
    expect(edge.calls.get('ComputeDataPlane')).toBe(2);
  });

  it('keep no answer that was not remote', async () => {
    await using edge = await startFaultyEdge(server.url);
    edge.set('not-found');
    using remote = connect([edge.url]);
    await remote.functions.computeDataPlane(create(ComputeDataPlaneRequestSchema));
    edge.set('well');
    await waitFor('the probe', () => (remote.place('dataplane')?.circuit === 'closed' ? true : undefined));
    const before = edge.calls.get('ComputeDataPlane') ?? 0;
    await remote.functions.computeDataPlane(create(ComputeDataPlaneRequestSchema));
    expect(edge.calls.get('ComputeDataPlane')).toBe(before + 1);
  });
});
