import { create, fromJson, type JsonObject, toJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { anyTypes } from '../../functions/clusters/any-types.ts';
import { computeBackendCluster } from '../../functions/clusters/backend-cluster.ts';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  ComputeBackendClusterRequestSchema,
  ComputeClustersRequestSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { type EchoOptions, startEchoServer } from './echo-server.ts';
import { startStaticGateway } from './static-gateway.ts';
import { createTestAuthority } from './test-certificate.ts';
import { createTestTailnet, type TestTailnet } from './test-tailnet.ts';

const gateway = { kind: 'TARGET_KIND_GATEWAY', name: 'gateway' };

function endpoint(name: string, target: string, more: JsonObject = {}): JsonObject {
  const ref = { namespace: 'default', resource: 'services', endpoint: name };
  return { ref, port: 80, protocol: 'ENDPOINT_PROTOCOL_HTTP', externalTarget: target, ...more };
}

async function echoServer(tailnet: TestTailnet, options: EchoOptions) {
  const server = await startEchoServer(options);
  tailnet.defer(async () => server[Symbol.asyncDispose]());
  return server;
}

/** A route of the user's own that Envoy answers itself, with its name. */
function ownRoute(name: string, match: JsonObject): JsonObject {
  return { name, match, direct_response: { status: 200, body: { inline_string: name } } };
}

describe('the path of a service', () => {
  it('is the service and what is under it, forwarded without the prefix, and nothing else', async () => {
    await using tailnet = await createTestTailnet();
    const server = await echoServer(tailnet, { name: 'web' });
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [endpoint('web', `127.0.0.1:${server.port}`), endpoint('dots', `localhost:${server.port}`)],
      policies: [
        {
          namespace: 'default',
          name: 'odd-prefix',
          targets: [gateway],
          endpoints: [{ resource: 'services', endpoint: 'dots' }],
          pathPrefix: '/v1.0/a+b/(x)*$/',
        },
      ],
      routes: [ownRoute('root', { prefix: '/' })],
    });
    const forwarded: Record<string, string> = {
      '/api/web': '/',
      '/api/web/': '/',
      '/api/web?q=1': '/?q=1',
      '/api/web/?q=/api/web/': '/?q=/api/web/',
      '/api/web/status': '/status',
      '/api/web/status?a=b&c=%2F': '/status?a=b&c=%2F',
      '/api/web//x': '//x',
      '/api/web/a%2Fb%20c': '/a%2Fb%20c',
      '/api/web/%E2%82%AC': '/%E2%82%AC',
      '/api/web/api/web/x': '/api/web/x',
      '/api/web/a/../b': '/b',
      '/x/../api/web/b': '/b',
      '/v1.0/a+b/(x)*$/dots/y': '/y',
    };
    const received: Record<string, string | undefined> = {};
    for (const path of Object.keys(forwarded)) {
      received[path] = (await get(path)).echo.path;
    }
    expect(received).toEqual(forwarded);
    const others = [
      '/api/webx',
      '/api/web-service',
      '/api/Web',
      '/api',
      '/api/web%2Fx',
      '/api/web/../x',
      '/v1x0/a+b/(x)*$/dots',
    ];
    const answers = await Promise.all(others.map(async (path) => [path, (await get(path)).text]));
    expect(answers).toEqual(others.map((path) => [path, 'root']));
  });

  it('reaches the upstream under its own name', async () => {
    await using tailnet = await createTestTailnet();
    const server = await echoServer(tailnet, { name: 'web' });
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [
        endpoint('ip', `127.0.0.1:${server.port}`),
        endpoint('name', `LocalHost:${server.port}`),
        { ...endpoint('device', ''), externalTarget: null, tailscaleFqdn: 'localhost', port: server.port },
      ],
    });
    expect((await get('/api/ip', { host: 'a.example' })).echo.host).toBe('127.0.0.1');
    expect((await get('/api/name', { host: 'a.example' })).echo.host).toBe('localhost');
    expect((await get('/api/device', { host: 'a.example' })).echo.host).toBe('localhost');
    expect((await get('/other', { host: 'a.example' })).status).toBe(404);
  });
});

describe("the gateway's own routes", () => {
  it('keep what is theirs, and lose what only a catch-all had', async () => {
    await using tailnet = await createTestTailnet();
    const server = await echoServer(tailnet, { name: 'web' });
    const at = `127.0.0.1:${server.port}`;
    const { get, routes } = await startStaticGateway(tailnet, {
      endpoints: [endpoint('web', at), endpoint('taken', at), endpoint('version', at)],
      routes: [
        ownRoute('exact', { path: '/api/web/exact' }),
        ownRoute('regex', { safe_regex: { regex: '/api/web/[0-9]+' } }),
        ownRoute('under', { path_separated_prefix: '/api/web/under' }),
        ownRoute('canary', {
          path_separated_prefix: '/api/web',
          headers: [{ name: 'x-canary', string_match: { exact: 'yes' } }],
        }),
        ownRoute('taken', { path_separated_prefix: '/api/taken' }),
        ownRoute('api', { path_separated_prefix: '/api' }),
        ownRoute('root', { prefix: '/' }),
      ],
      policies: [
        {
          namespace: 'default',
          name: 'versioned',
          targets: [gateway],
          endpoints: [{ resource: 'services', endpoint: 'version' }],
          headers: [{ name: 'X-Version', regularExpression: 'v[12]' }],
        },
      ],
    });
    expect((await get('/api/web/exact')).text).toBe('exact');
    expect((await get('/api/web/exact/x')).echo.path).toBe('/exact/x');
    expect((await get('/api/web/42')).text).toBe('regex');
    expect((await get('/api/web/42a')).echo.path).toBe('/42a');
    expect((await get('/api/web/under/x')).text).toBe('under');
    expect((await get('/api/web/x', { 'x-canary': 'yes' })).text).toBe('canary');
    expect((await get('/api/web/x')).echo.path).toBe('/x');
    expect((await get('/api/taken')).text).toBe('taken');
    expect((await get('/api/other')).text).toBe('api');
    expect((await get('/other')).text).toBe('root');
    expect((await get('/api/version', { 'x-version': 'v2' })).echo.path).toBe('/');
    expect((await get('/api/version', { 'x-version': 'v3' })).text).toBe('api');
    expect(routes.virtualHosts[0]?.notInjected.map(({ endpoint }) => endpoint?.endpoint)).toEqual(['taken']);
  });

  it('are joined by a policy on the hosts that it names alone', async () => {
    await using tailnet = await createTestTailnet();
    const server = await echoServer(tailnet, { name: 'web' });
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [endpoint('web', `127.0.0.1:${server.port}`)],
      routes: [ownRoute('root', { prefix: '/' })],
      policies: [{ namespace: 'default', name: 'p', targets: [gateway], hostnames: ['a.example', '*.b.example'] }],
    });
    const reaches = async (host: string) => (await get('/api/web', { host })).text !== 'root';
    const hosts = [
      'a.example',
      'A.Example:8080',
      'x.b.example',
      'y.x.b.example',
      'b.example',
      'axexample',
      'c.example',
    ];
    expect(await Promise.all(hosts.map(reaches))).toEqual([true, true, true, true, false, false, false]);
  });
});

describe('timeouts and retries', () => {
  it('are those of the policy', async () => {
    await using tailnet = await createTestTailnet();
    const slow = await echoServer(tailnet, { name: 'slow', delayMs: 3000 });
    const flaky = await echoServer(tailnet, { name: 'flaky', status: (index) => (index < 3 ? 503 : 200) });
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [endpoint('slow', `127.0.0.1:${slow.port}`), endpoint('flaky', `127.0.0.1:${flaky.port}`)],
      policies: [
        {
          namespace: 'default',
          name: 'p',
          targets: [gateway],
          requestTimeout: '1s',
          retry: { attempts: 2, on: '5xx' },
        },
      ],
    });
    expect((await get('/api/slow')).status).toBe(504);
    expect((await get('/api/flaky')).status).toBe(200);
    expect(flaky.requests).toHaveLength(3);
  });
});

describe('upstreams', () => {
  it('with TLS are asked for and verified by their name', async () => {
    await using authority = await createTestAuthority();
    await using tailnet = await createTestTailnet();
    const localhost = await authority.issue('DNS:localhost');
    const address = await authority.issue('IP:127.0.0.1');
    const other = await authority.issue('DNS:other.example');
    const start = (name: string, certificate: typeof other, protocol: 'https' | 'https1' = 'https') =>
      echoServer(tailnet, { name, protocol, certificate });
    const https = { protocol: 'ENDPOINT_PROTOCOL_HTTPS' };
    const healthCheck = { interval: '0.2s', path: '/health', host: 'checked.example' };
    const servers = {
      name: await start('name', localhost),
      old: await start('old', localhost, 'https1'),
      address: await start('address', address),
      other: await start('other', other),
    };
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [
        endpoint('name', `localhost:${servers.name.port}`, { ...https, healthCheck }),
        endpoint('old', `localhost:${servers.old.port}`, https),
        endpoint('address', `127.0.0.1:${servers.address.port}`, https),
        endpoint('other', `localhost:${servers.other.port}`, https),
        endpoint('plain', `localhost:${servers.name.port}`),
      ],
      settings: { trustedCaFile: authority.caFile },
    });
    expect((await get('/api/name/x')).echo).toMatchObject({
      host: 'localhost',
      path: '/x',
      httpVersion: '2.0',
    });
    expect((await get('/api/old')).echo).toMatchObject({ host: 'localhost', httpVersion: '1.1' });
    expect((await get('/api/address')).echo).toMatchObject({ host: '127.0.0.1', httpVersion: '2.0' });
    expect(await get('/api/other')).toMatchObject({ status: 503 });
    expect(servers.other.requests).toEqual([]);
    expect((await get('/api/plain')).status).toBe(503);
    const check = servers.name.requests.find(({ path }) => path === '/health');
    expect(check).toMatchObject({ host: 'checked.example', httpVersion: '1.1' });
    expect([...servers.name.serverNames, ...servers.old.serverNames]).toEqual(['localhost', 'localhost']);
    expect([...servers.address.serverNames]).toEqual([]);
  });

  it('of a group are each verified by the name of the device', async () => {
    await using authority = await createTestAuthority();
    await using tailnet = await createTestTailnet();
    const certificate = await authority.issue('DNS:web-1.example.ts.net');
    const server = await echoServer(tailnet, { name: 'web', protocol: 'https', certificate });
    const group = { ...endpoint('group', ''), externalTarget: null, selector: { tags: ['tag:web'] } };
    const { clusters } = computeClusters(
      fromJson(ComputeClustersRequestSchema, {
        endpoints: [{ ...group, protocol: 'ENDPOINT_PROTOCOL_HTTPS' }],
        settings: { trustedCaFile: authority.caFile },
      }),
    );
    // The same cluster with hosts of its own.
    const withDevice = (name: string, hostname: string) => {
      const json = toJson(ClusterSchema, clusters[0]?.cluster ?? create(ClusterSchema), { registry: anyTypes });
      const { edsClusterConfig: _, ...rest } = json as JsonObject;
      const address = { socketAddress: { address: '127.0.0.1', portValue: server.port } };
      const endpoints = [{ loadBalancingWeight: 1, lbEndpoints: [{ endpoint: { hostname, address } }] }];
      const cluster = { ...rest, name, type: 'STATIC', loadAssignment: { clusterName: name, endpoints } };
      return fromJson(ClusterSchema, cluster, { registry: anyTypes });
    };
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [],
      clusters: [
        withDevice('own', 'web-1.example.ts.net'),
        withDevice('other', 'web-2.example.ts.net'),
        withDevice('none', ''),
      ],
      routes: ['own', 'other', 'none'].map((cluster) => ({ match: { prefix: `/${cluster}` }, route: { cluster } })),
    });
    expect((await get('/own')).echo).toMatchObject({ path: '/own', httpVersion: '2.0' });
    expect((await get('/other')).status).toBe(503);
    expect((await get('/none')).status).toBe(503);
    expect(server.requests).toHaveLength(1);
  });

  it("are not trusted for another authority's word", async () => {
    await using authority = await createTestAuthority();
    await using stranger = await createTestAuthority();
    await using tailnet = await createTestTailnet();
    const certificate = await stranger.issue('DNS:localhost');
    const server = await echoServer(tailnet, { name: 'web', protocol: 'https', certificate });
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [endpoint('web', `localhost:${server.port}`, { protocol: 'ENDPOINT_PROTOCOL_HTTPS' })],
      settings: { trustedCaFile: authority.caFile },
    });
    expect((await get('/api/web')).status).toBe(503);
    expect(server.requests).toEqual([]);
  });

  it('speak HTTP/2 in plain text where the policy says so, health checks too', async () => {
    await using tailnet = await createTestTailnet();
    const server = await echoServer(tailnet, { name: 'grpc', protocol: 'http2' });
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [endpoint('grpc', `127.0.0.1:${server.port}`, { healthCheck: { interval: '0.2s', path: '/health' } })],
      policies: [{ namespace: 'default', name: 'p', targets: [gateway], upstreamHttp: 'UPSTREAM_HTTP_HTTP2' }],
    });
    expect((await get('/api/grpc/x')).echo).toMatchObject({ httpVersion: '2.0', path: '/x' });
    expect(server.requests.some(({ path }) => path === '/health')).toBe(true);
  });

  it('that the xDS server would tell harm no other while it is away', async () => {
    await using tailnet = await createTestTailnet();
    const server = await echoServer(tailnet, { name: 'web' });
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [
        endpoint('web', `127.0.0.1:${server.port}`),
        { ...endpoint('group', ''), externalTarget: null, selector: { tags: ['tag:web'] } },
      ],
      settings: { xdsTarget: 'dns:///127.0.0.1:1' },
    });
    expect((await get('/api/web')).echo.name).toBe('web');
    expect((await get('/api/group')).status).toBe(503);
  });
});

describe('a custom backend', () => {
  it('has all its endpoints in one cluster, weighted, each connected to in its own way', async () => {
    await using authority = await createTestAuthority();
    await using tailnet = await createTestTailnet();
    const plain = await echoServer(tailnet, { name: 'plain' });
    const tls = await echoServer(tailnet, {
      name: 'tls',
      protocol: 'https',
      certificate: await authority.issue('DNS:localhost'),
    });
    const addressed = await echoServer(tailnet, {
      name: 'addressed',
      protocol: 'https',
      certificate: await authority.issue('IP:127.0.0.1'),
    });
    const { overlay = create(ClusterSchema) } = computeBackendCluster(
      fromJson(ComputeBackendClusterRequestSchema, {
        clusterName: 'backend',
        endpoints: [
          endpoint('plain', `127.0.0.1:${plain.port}`, { weight: 2 }),
          endpoint('tls', `localhost:${tls.port}`, { protocol: 'ENDPOINT_PROTOCOL_HTTPS' }),
          endpoint('addressed', `127.0.0.1:${addressed.port}`, { protocol: 'ENDPOINT_PROTOCOL_HTTPS' }),
        ],
        settings: { allowTargets: ['127.0.0.1', 'localhost'], trustedCaFile: authority.caFile },
      }),
    );
    const cluster = create(ClusterSchema, { ...overlay, name: 'backend' });
    const { get } = await startStaticGateway(tailnet, {
      endpoints: [],
      clusters: [cluster],
      routes: [{ match: { prefix: '/' }, route: { cluster: 'backend' } }],
    });
    const names = await Promise.all(Array.from({ length: 200 }, async () => (await get('/x')).echo.name));
    const count = (name: string) => names.filter((other) => other === name).length;
    expect(count('plain') + count('tls') + count('addressed')).toBe(200);
    expect(count('plain')).toBeGreaterThan(75);
    expect(count('tls')).toBeGreaterThan(25);
    expect(count('addressed')).toBeGreaterThan(25);
  });
});
