import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { EndpointRefSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { buildGroupName, parseGroupName } from './group-name.ts';
import {
  buildClusterName,
  buildRouteName,
  isServiceName,
  parseClusterName,
  parseRouteName,
  toServiceName,
} from './service-name.ts';

const ref = create(EndpointRefSchema, { namespace: 'shop', resource: 'my.services.v1', endpoint: 'web' });

test('names are those of the integration guide, or say what keeps them apart', () => {
  expect(buildRouteName(toServiceName(ref, true))).toBe('tailscale-egress-web');
  expect(buildClusterName(toServiceName(ref, true))).toBe('external-backend-web');
  expect(buildRouteName(toServiceName(ref, false))).toBe('tailscale-egress-web.shop.my.services.v1');
  expect(buildClusterName(toServiceName(ref, false))).toBe('external-backend-web.shop.my.services.v1');
  expect(buildGroupName(ref)).toBe('shop/my.services.v1/web');
});

test('names can be read in one way', () => {
  for (const isFirst of [true, false]) {
    const name = toServiceName(ref, isFirst);
    expect(parseRouteName(buildRouteName(name))).toEqual(name);
    expect(parseClusterName(buildClusterName(name))).toEqual(name);
  }
  expect(parseGroupName(buildGroupName(ref))).toEqual(ref);
});

test.each(['web', 'httproute/default/web/rule/0', 'external-backend-', 'external-backend-a.b', 'external-backend-A'])(
  '%s is no name of a cluster of ours',
  (name) => {
    expect(parseClusterName(name)).toBeUndefined();
  },
);

test.each(['eds_backend', 'a/b', 'a/b/c/d', '//', ''])('%j is no name of a group of an endpoint', (name) => {
  expect(parseGroupName(name)).toBeUndefined();
});

test.each([
  { name: 'web', valid: true },
  { name: 'web-service', valid: true },
  { name: '1', valid: true },
  { name: 'a'.repeat(63), valid: true },
  { name: 'a'.repeat(64), valid: false },
  { name: '', valid: false },
  { name: 'Web', valid: false },
  { name: 'a.b', valid: false },
  { name: 'a_b', valid: false },
  { name: '-a', valid: false },
  { name: 'a-', valid: false },
  { name: 'a/b', valid: false },
  { name: 'a\n', valid: false },
])('$name is a service name: $valid', ({ name, valid }) => {
  expect(isServiceName(name)).toBe(valid);
});
