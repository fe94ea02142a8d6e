import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { VirtualHostSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { RoutePolicySchema, TargetKind } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { ComputeRoutesResponseSchema } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { foreignVirtualHost } from './arbitrary-resource.ts';
import { buildEndpoint, createFakeInputs, createFakeState, hookFunctions } from './fake-inputs.ts';
import { createRouteComputer } from './route-computer.ts';
import { modifyVirtualHost } from './virtual-host-hook.ts';
import { createVirtualHostReader } from './virtual-host-lens.ts';
import { encodeField, readField } from './wire-field.ts';

const endpoints = [buildEndpoint('web'), buildEndpoint('db')];

function call(virtualHost: Uint8Array, inputs = createFakeInputs(endpoints)): Buffer {
  const { body } = modifyVirtualHost(
    Buffer.concat([encodeField(1, virtualHost), encodeField(2, Buffer.alloc(0))]),
    inputs,
  );
  const response = Buffer.concat([...body.parts()]);
  expect(response).toHaveLength(body.byteLength);
  return readField(response, 1) ?? Buffer.alloc(0);
}

function build(
  routes: readonly [name: string, prefix: string][],
  name = 'default/eg/http/www_example_com',
): Uint8Array {
  return toBinary(
    VirtualHostSchema,
    create(VirtualHostSchema, {
      name,
      domains: ['www.example.com'],
      routes: routes.map(([name, prefix]) => ({
        name,
        match: { pathSpecifier: { case: 'prefix' as const, value: prefix } },
      })),
    }),
  );
}

function names(virtualHost: Buffer): string[] {
  return fromBinary(VirtualHostSchema, virtualHost).routes.map((route) => route.name);
}

const ours = ['tailscale-egress-web', 'tailscale-egress-db'];

describe('places', () => {
  test.each<{ title: string; routes: [string, string][]; expected: string[] }>([
    { title: 'no routes', routes: [], expected: ours },
    { title: 'ahead of a catch-all', routes: [['all', '/']], expected: [...ours, 'all'] },
    { title: 'behind others', routes: [['app', '/app']], expected: ['app', ...ours] },
    {
      title: 'between',
      routes: [
        ['app', '/app'],
        ['all', '/'],
      ],
      expected: ['app', ...ours, 'all'],
    },
    {
      title: 'apart',
      routes: [
        ['deeper', '/api/web/deeper/'],
        ['api', '/api/'],
        ['all', '/'],
      ],
      expected: ['deeper', ...ours, 'api', 'all'],
    },
    {
      title: 'a route of another with our name and no mark is not ours',
      routes: [['tailscale-egress-web', '/x']],
      expected: ['tailscale-egress-web', ...ours],
    },
  ])('$title', ({ routes, expected }) => {
    const own = new Set(routes.map(([name]) => name));
    const mask = (name: string) => (own.has(name) ? name : 'injected');
    expect(names(call(build(routes))).map(mask)).toEqual(expected.map(mask));
  });
});

test('nothing to inject: the same bytes', () => {
  const virtualHost = Buffer.from(build([['all', '/']]));
  expect(call(virtualHost, createFakeInputs([]))).toEqual(virtualHost);
});

test('endpoints that are gone are taken out again', () => {
  const virtualHost = Buffer.from(build([['all', '/']]));
  expect(call(call(virtualHost), createFakeInputs([]))).toEqual(virtualHost);
});

test('a request without a virtual host is answered without one', () => {
  expect(modifyVirtualHost(Buffer.alloc(0), createFakeInputs(endpoints)).body.byteLength).toBe(0);
});

test('a virtual host in two pieces is their sum', () => {
  const one = encodeField(1, build([['app', '/app']]));
  const two = encodeField(1, encodeField(3, build([]).subarray(0, 0)));
  const { body } = modifyVirtualHost(Buffer.concat([one, two]), createFakeInputs(endpoints));
  expect(names(readField(Buffer.concat([...body.parts()]), 1) ?? Buffer.alloc(0))).toHaveLength(4);
});

test.each([
  { title: 'of metadata', name: 'www_example_com', metadata: true },
  { title: 'of the name', name: 'default/eg/http/www_example_com', metadata: false },
])('a policy finds the gateway $title', ({ name, metadata }) => {
  const gateway = { kind: '', namespace: 'default', name: 'eg', sectionName: 'http' };
  const virtualHost = create(VirtualHostSchema, { name, domains: ['www.example.com'] });
  if (metadata) virtualHost.metadata = create(VirtualHostSchema, toMetadata(gateway)).metadata;
  const policy = (gateway: string) =>
    create(RoutePolicySchema, {
      namespace: 'default',
      name: 'policy',
      targets: [{ kind: TargetKind.GATEWAY, name: gateway, sectionName: 'http' }],
    });
  const inputs = (gateway: string) => {
    const state = createFakeState(endpoints);
    state.set({ policies: [policy(gateway)] });
    return createFakeInputs(endpoints, { state });
  };
  const bytes = toBinary(VirtualHostSchema, virtualHost);
  expect(names(call(bytes, inputs('eg')))).toHaveLength(2);
  expect(names(call(bytes, inputs('other')))).toEqual([]);
});

describe('panics', () => {
  const bad = buildEndpoint('bad');
  const functions = {
    ...hookFunctions,
    prepareRoutes: (request: Parameters<typeof hookFunctions.prepareRoutes>[0]) => {
      if (request.endpoints.includes(bad)) throw new Error('panic');
      return hookFunctions.prepareRoutes(request);
    },
  };
  const panicking = () => createFakeInputs([endpoints[0] ?? bad, bad, endpoints[1] ?? bad], { functions });

  test('one endpoint is left out, and said', () => {
    const inputs = panicking();
    expect(names(call(build([]), inputs)).toSorted()).toEqual(ours.toSorted());
    expect(inputs.panics).toEqual(['default/services/bad']);
  });

  test('the explanation says it', () => {
    const { virtualHosts } = modifyVirtualHost(encodeField(1, build([])), panicking());
    expect(virtualHosts?.[0]?.explain().notInjected).toEqual([
      expect.objectContaining({ endpoint: 'default/services/bad', reason: 'PANIC' }),
    ]);
  });

  test('no time is left to find it: it throws, and its caller answers the object as it came', () => {
    const inputs = { ...panicking(), expired: () => true };
    expect(() => call(build([]), inputs)).toThrow('panic');
  });
});

test('the functions are asked once for the same lists', () => {
  let prepared = 0;
  const functions = {
    ...hookFunctions,
    prepareRoutes: () => {
      prepared += 1;
      return () => create(ComputeRoutesResponseSchema, { virtualHosts: [{ name: 'any' }] }).virtualHosts[0] as never;
    },
  };
  const inputs = createFakeInputs(endpoints, { functions, computer: createRouteComputer(functions, []) });
  call(build([]), inputs);
  call(build([['all', '/']]), inputs);
  expect(prepared).toBe(1);
});

test('an explanation tells what was decided at the time of the answer', () => {
  const state = createFakeState(endpoints);
  const { virtualHosts } = modifyVirtualHost(
    encodeField(1, build([['all', '/']])),
    createFakeInputs(endpoints, { state }),
  );
  state.set({ endpoints: [] });
  expect(virtualHosts?.[0]?.explain()).toMatchObject({
    name: 'default/eg/http/www_example_com',
    gateway: 'default/eg',
    listener: 'http',
    revision: 'revision-0',
    injected: [
      { endpoint: 'default/services/web', route: 'tailscale-egress-web', before: 0 },
      { endpoint: 'default/services/db', route: 'tailscale-egress-db', before: 0 },
    ],
    notInjected: [],
  });
});

describe('any virtual host', () => {
  const reader = createVirtualHostReader();

  test('foreign bytes stay as they are, in their order', () => {
    fc.assert(
      fc.property(foreignVirtualHost, (virtualHost) => {
        const modified = call(virtualHost);
        const rest: Uint8Array[] = [];
        let copied = 0;
        for (const { start, end, injected } of reader.read(modified).routes) {
          if (!injected) continue;
          rest.push(modified.subarray(copied, start));
          copied = end;
        }
        rest.push(modified.subarray(copied));
        expect(Buffer.concat(rest)).toEqual(virtualHost);
      }),
    );
  });

  test('twice is once', () => {
    fc.assert(
      fc.property(foreignVirtualHost, (virtualHost) => {
        const once = call(virtualHost);
        expect(call(once)).toEqual(once);
      }),
    );
  });

  test('what another state injected is replaced', () => {
    fc.assert(
      fc.property(foreignVirtualHost, (virtualHost) => {
        const older = call(virtualHost, createFakeInputs([buildEndpoint('older'), buildEndpoint('web', '10.9.9.9:1')]));
        expect(call(older)).toEqual(call(virtualHost));
      }),
    );
  });

  test('the order of endpoints does not matter', () => {
    fc.assert(
      fc.property(foreignVirtualHost, (virtualHost) => {
        expect(call(virtualHost, createFakeInputs(endpoints.toReversed()))).toEqual(call(virtualHost));
      }),
    );
  });
});

function toMetadata(resource: Record<string, string>) {
  const filterMetadata = { 'envoy-gateway': { resources: [resource] } };
  return { metadata: { filterMetadata } };
}
