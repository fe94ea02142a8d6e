import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { RouteConfigurationSchema } from '../../proto/gen/envoy/config/route/v3/route_pb.ts';
import {
  PostTranslateModifyRequestSchema,
  type PostTranslateModifyResponse,
  PostTranslateModifyResponseSchema,
} from '../../proto/gen/envoygateway/extension/service_pb.ts';
import { foreignCluster, unknownField } from './arbitrary-resource.ts';
import { buildEndpoint, createFakeInputs, createFakeState } from './fake-inputs.ts';
import type { HookInputs } from './hook.ts';
import { modifyTranslation, passTranslation } from './translate-hook.ts';

interface Translation {
  readonly clusters: Uint8Array[];
  readonly secrets: Uint8Array[];
  readonly listeners: Uint8Array[];
  readonly routes: Uint8Array[];
}

const empty: Translation = { clusters: [], secrets: [], listeners: [], routes: [] };
const endpoints = [buildEndpoint('web'), buildEndpoint('db')];

function encode(translation: Partial<Translation>): Buffer {
  const postTranslateContext = { extensionResources: [{ unstructuredBytes: Buffer.from('{}') }] };
  const request = create(PostTranslateModifyRequestSchema, { ...empty, ...translation, postTranslateContext });
  return Buffer.from(toBinary(PostTranslateModifyRequestSchema, request));
}

function call(
  translation: Partial<Translation>,
  inputs: HookInputs = createFakeInputs(endpoints),
): PostTranslateModifyResponse {
  const { body } = modifyTranslation(encode(translation), inputs);
  const bytes = Buffer.concat([...body.parts()]);
  expect(bytes).toHaveLength(body.byteLength);
  return fromBinary(PostTranslateModifyResponseSchema, bytes);
}

function cluster(name: string, altStatName = ''): Buffer {
  return Buffer.from(toBinary(ClusterSchema, create(ClusterSchema, { name, altStatName })));
}

function routeConfiguration(name: string, hosts: readonly string[] = []): Buffer {
  const virtualHosts = hosts.map((host) => ({ name: `${name}/${host}`, domains: [host] }));
  const message = create(RouteConfigurationSchema, { name, virtualHosts, ignorePortInHostMatching: true });
  return Buffer.from(toBinary(RouteConfigurationSchema, message));
}

const nameOf = (bytes: Uint8Array) => fromBinary(ClusterSchema, bytes).name;
const ours = ['external-backend-db', 'external-backend-web'];

describe('clusters', () => {
  test.each<{ title: string; there: Buffer[]; expected: string[]; foreign: string[] }>([
    { title: 'none there', there: [], expected: ours, foreign: [] },
    { title: 'others there', there: [cluster('a'), cluster('b')], expected: ['a', 'b', ...ours], foreign: [] },
    {
      title: 'one of our name that is not ours',
      there: [cluster('external-backend-web', 'foreign')],
      expected: ['external-backend-web', 'external-backend-db'],
      foreign: ['external-backend-web'],
    },
  ])('$title', ({ there, expected, foreign }) => {
    const inputs = createFakeInputs(endpoints);
    const response = call({ clusters: there }, inputs);
    expect(response.clusters.map(nameOf)).toEqual(expected);
    expect(response.clusters.slice(0, there.length).map((bytes) => Buffer.from(bytes))).toEqual(there);
    const { injectedClusters } = modifyTranslation(encode({ clusters: there }), inputs);
    expect(injectedClusters?.().flatMap(({ name, injected }) => (injected ? [] : [name]))).toEqual(foreign);
  });

  test('ours of an older state are replaced in their places', () => {
    const older = call({ clusters: [cluster('a')] }, createFakeInputs([buildEndpoint('web', '10.9.9.9:1')]));
    const newer = call({ clusters: [...older.clusters, cluster('b')] });
    expect(newer.clusters.map(nameOf)).toEqual(['a', 'external-backend-web', 'b', 'external-backend-db']);
    expect(newer.clusters[1]).toEqual(call({}).clusters[1]);
  });

  test('what is no cluster goes back as it came', () => {
    const garbage = Buffer.from([0xff, 0xff, 0xff]);
    expect(Buffer.from(call({ clusters: [garbage] }).clusters[0] ?? [])).toEqual(garbage);
  });
});

describe('route configurations', () => {
  const hostsOf = (bytes: Uint8Array | undefined) =>
    fromBinary(RouteConfigurationSchema, bytes ?? new Uint8Array()).virtualHosts.map(({ name, domains, routes }) => ({
      name,
      domains,
      routes: routes.length,
    }));

  test('one without virtual hosts gets one for every host', () => {
    const there = routeConfiguration('default/eg/http');
    const [route = new Uint8Array()] = call({ routes: [there] }).routes;
    expect(hostsOf(route)).toEqual([{ name: 'default/eg/http/*', domains: ['*'], routes: 2 }]);
    expect(Buffer.from(route.subarray(0, there.length))).toEqual(there);
  });

  test('one with virtual hosts stays as it is', () => {
    const there = routeConfiguration('default/eg/http', ['www.example.com']);
    expect(call({ routes: [there] }).routes.map((bytes) => Buffer.from(bytes))).toEqual([there]);
  });

  test('nothing to inject: it stays as it is', () => {
    const there = routeConfiguration('default/eg/http');
    expect(Buffer.from(call({ routes: [there] }, createFakeInputs([])).routes[0] ?? [])).toEqual(there);
  });

  test('what was injected and is gone is taken out again', () => {
    const there = routeConfiguration('default/eg/http');
    const { routes } = call({ routes: [there] });
    expect(Buffer.from(call({ routes }, createFakeInputs([])).routes[0] ?? [])).toEqual(there);
  });

  test('a name that tells no gateway', () => {
    const { virtualHosts } = modifyTranslation(
      encode({ routes: [routeConfiguration('http-80')] }),
      createFakeInputs(endpoints),
    );
    expect(virtualHosts?.map((host) => host.explain())).toMatchObject([
      { name: 'http-80/*', gateway: '', listener: '' },
    ]);
  });

  test('one whose handling panics stays as it is, and the clusters come all the same', () => {
    const there = routeConfiguration('default/eg/http');
    const panics: string[] = [];
    const inputs = createFakeInputs(endpoints, {
      computer: () => () => {
        throw new Error('panic');
      },
      leftOut: (resource) => panics.push(resource),
    });
    const response = call({ routes: [there] }, inputs);
    expect(Buffer.from(response.routes[0] ?? [])).toEqual(there);
    expect(response.clusters.map(nameOf)).toEqual(ours);
    expect(panics).toEqual(['a route configuration']);
  });

  test('no time is left: it stays as it is', () => {
    const there = routeConfiguration('default/eg/http');
    const response = call({ routes: [there] }, createFakeInputs(endpoints, { expired: () => true }));
    expect(Buffer.from(response.routes[0] ?? [])).toEqual(there);
  });
});

const bytes = fc.uint8Array({ maxLength: 40 }).map((content) => Buffer.from(content));
const configuration = fc
  .tuple(fc.constantFrom('default/eg/http', 'default/eg/https', 'http-80'), fc.boolean(), fc.option(unknownField))
  .map(([name, hasHost, unknown]) =>
    Buffer.concat([routeConfiguration(name, hasHost ? ['www.example.com'] : []), unknown ?? Buffer.alloc(0)]),
  );
const translation = fc.record({
  clusters: fc.array(foreignCluster, { maxLength: 6 }),
  secrets: fc.array(bytes, { maxLength: 4 }),
  listeners: fc.array(bytes, { maxLength: 4 }),
  routes: fc.array(configuration, { maxLength: 4 }),
});
const plain = (response: Translation) => ({
  clusters: response.clusters.map((item) => Buffer.from(item)),
  secrets: response.secrets.map((item) => Buffer.from(item)),
  listeners: response.listeners.map((item) => Buffer.from(item)),
  routes: response.routes.map((item) => Buffer.from(item)),
});

describe('any translation', () => {
  test('everything foreign comes back, in its order, and secrets and listeners alone', () => {
    fc.assert(
      fc.property(translation, (request) => {
        const response = plain(call(request));
        expect(response.secrets).toEqual(request.secrets);
        expect(response.listeners).toEqual(request.listeners);
        expect(response.clusters.slice(0, request.clusters.length)).toEqual(request.clusters);
        expect(response.routes).toHaveLength(request.routes.length);
        for (const [index, there] of request.routes.entries()) {
          expect(response.routes[index]?.subarray(0, there.length)).toEqual(there);
        }
      }),
    );
  });

  test('twice is once', () => {
    fc.assert(
      fc.property(translation, (request) => {
        const once = plain(call(request));
        expect(plain(call(once))).toEqual(once);
      }),
    );
  });

  test('no reference of ours dangles: each injected route has its cluster', () => {
    fc.assert(
      fc.property(translation, (request) => {
        const inputs = createFakeInputs(endpoints, { state: createFakeState(endpoints) });
        const response = call(request, inputs);
        const names = new Set(response.clusters.map(nameOf));
        for (const name of ours) expect(names).toContain(name);
      }),
    );
  });

  test('passing it through changes the numbers of its fields alone', () => {
    fc.assert(
      fc.property(translation, (request) => {
        const body = Buffer.concat([...passTranslation(encode(request)).parts()]);
        expect(plain(fromBinary(PostTranslateModifyResponseSchema, body))).toEqual(request);
      }),
    );
  });
});

test.each([
  { title: 'truncated', bytes: Buffer.from([0x12, 0x7f, 1]) },
  { title: 'garbage', bytes: Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) },
  { title: 'a number where a message should be', bytes: Buffer.from([0x10, 0x01]) },
])('$title: no request', ({ bytes }) => {
  expect(() => modifyTranslation(bytes, createFakeInputs(endpoints))).toThrow(RangeError);
});
