import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Route, RouteSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { RoutePolicySchema, TargetKind } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { unknownField } from './arbitrary-resource.ts';
import { createFakeInputs } from './fake-inputs.ts';
import { modifyRoute } from './route-hook.ts';
import { encodeField, readField } from './wire-field.ts';

/** A policy whose name is its resource, and which targets the HTTPRoute `app`. */
const parsers = {
  parseEndpoints: () => [],
  parsePolicy(json: Uint8Array) {
    const name = Buffer.from(json).toString();
    if (name === 'bad') throw new Error('panic');
    if (name === 'other-kind') return undefined;
    return create(RoutePolicySchema, {
      namespace: 'default',
      name,
      targets: [{ kind: TargetKind.HTTP_ROUTE, name: 'app' }],
      requestTimeout: { seconds: 7n, nanos: 0 },
    });
  },
};

function call(route: Uint8Array, policies: readonly string[], inputs = createFakeInputs([], { parsers })) {
  const context = policies.map((json) => encodeField(3, encodeField(1, Buffer.from(json))));
  const { body, routes } = modifyRoute(
    Buffer.concat([encodeField(1, route), encodeField(2, Buffer.concat(context))]),
    inputs,
  );
  return { route: readField(Buffer.concat([...body.parts()]), 1) ?? Buffer.alloc(0), explained: routes };
}

function build(action: Route['action'], resource: Record<string, string> = { kind: 'HTTPRoute' }): Buffer {
  const resources = [{ namespace: 'default', name: 'app', sectionName: '', ...resource }];
  const route = create(RouteSchema, {
    name: 'httproute/default/app/rule/0/match/0/*',
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    metadata: { filterMetadata: { 'envoy-gateway': { resources } } },
  });
  return Buffer.from(toBinary(RouteSchema, create(RouteSchema, { ...route, action })));
}

const forwarding = create(RouteSchema, {
  action: {
    case: 'route',
    value: {
      clusterSpecifier: { case: 'cluster', value: 'app' },
      prefixRewrite: '/x',
      timeout: { seconds: 30n, nanos: 0 },
    },
  },
}).action;
const redirecting = create(RouteSchema, { action: { case: 'redirect', value: { hostRedirect: 'elsewhere' } } }).action;

test('a policy sets what it says, and all else stays', () => {
  const { route, explained } = call(build(forwarding), ['policy']);
  expect(fromBinary(RouteSchema, route).action).toMatchObject({
    case: 'route',
    value: { clusterSpecifier: { value: 'app' }, prefixRewrite: '/x', timeout: { seconds: 7n } },
  });
  expect(explained).toMatchObject([{ changed: true, policy: 'default/policy' }]);
});

describe('stays as it is', () => {
  test.each([
    { title: 'no policy', route: build(forwarding), policies: [] },
    { title: 'a policy of another kind', route: build(forwarding), policies: ['other-kind'] },
    { title: 'the only policy cannot be read', route: build(forwarding), policies: ['bad'] },
    { title: 'it redirects', route: build(redirecting), policies: ['policy'] },
    { title: 'it has no metadata', route: encodeField(14, Buffer.from('name')), policies: ['policy'] },
    { title: 'it comes from something else', route: build(forwarding, { kind: 'TCPRoute' }), policies: ['policy'] },
    {
      title: 'the policy is about another',
      route: build(forwarding, { kind: 'HTTPRoute', name: 'b' }),
      policies: ['policy'],
    },
  ])('$title', ({ route, policies }) => {
    expect(call(route, policies).route).toEqual(route);
  });
});

test('a policy that cannot be read is left out', () => {
  const inputs = createFakeInputs([], { parsers });
  expect(call(build(forwarding), ['bad', 'policy'], inputs).route).toEqual(call(build(forwarding), ['policy']).route);
  expect(inputs.panics).toEqual(['a policy of the route']);
});

test('any route: twice is once, and unknown fields stay', () => {
  fc.assert(
    fc.property(fc.array(unknownField, { maxLength: 4 }), fc.boolean(), (unknown, first) => {
      const parts = first ? [...unknown, build(forwarding)] : [build(forwarding), ...unknown];
      const once = call(Buffer.concat(parts), ['policy']).route;
      expect(call(once, ['policy']).route).toEqual(once);
      for (const field of unknown) expect(once.includes(field)).toBe(true);
    }),
  );
});
