import { toJson } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { parseDeviceList } from './device-list.ts';
import { parseHeadscaleNode } from './headscale-node.ts';

const listed = {
  id: '1',
  ipAddresses: ['100.64.0.1', 'fd7a:115c:a1e0::1'],
  name: 'ip-10-0-0-1',
  givenName: 'web-1',
  user: { id: '2147455555', name: 'tagged-devices' },
  lastSeen: '2026-02-03T04:05:06.789Z',
  expiry: null,
  online: true,
  tags: ['tag:weight-2', 'tag:web'],
};

const means = {
  id: '1',
  name: 'web-1',
  addresses: ['100.64.0.1', 'fd7a:115c:a1e0::1'],
  tags: ['tag:web', 'tag:weight-2'],
  authorized: true,
  online: true,
};

const cases: readonly { name: string; fields: object; differs: object }[] = [
  { name: 'as 0.29 lists it', fields: {}, differs: {} },
  {
    name: 'as 0.27 lists it',
    fields: {
      tags: undefined,
      forcedTags: ['tag:web'],
      validTags: ['tag:weight-2', 'tag:web'],
      invalidTags: ['tag:x'],
    },
    differs: {},
  },
  { name: 'no tags', fields: { tags: [], forcedTags: [], validTags: [] }, differs: { tags: undefined } },
  { name: 'no given name', fields: { givenName: '' }, differs: { name: 'ip-10-0-0-1' } },
  { name: 'a number as id', fields: { id: 1 }, differs: {} },
  { name: 'offline', fields: { online: false }, differs: { online: false, lastSeen: '2026-02-03T04:05:06.789Z' } },
  {
    name: 'not said whether online',
    fields: { online: undefined },
    differs: { online: undefined, lastSeen: '2026-02-03T04:05:06.789Z' },
  },
  { name: 'an end', fields: { expiry: '2030-01-01T00:00:00Z' }, differs: { expires: '2030-01-01T00:00:00Z' } },
  { name: 'no end: zero time', fields: { expiry: '0001-01-01T00:00:00Z' }, differs: {} },
];

test.each(cases)('$name', ({ fields, differs }) => {
  const { device, rejections } = parseHeadscaleNode({ ...listed, ...fields });
  expect(rejections).toEqual([]);
  const expected = Object.entries({ ...means, ...differs }).filter(([, value]) => value !== undefined);
  expect(device && toJson(DeviceSchema, device)).toEqual(Object.fromEntries(expected));
});

test('a node that cannot be read harms only itself', () => {
  const list = parseDeviceList(
    { nodes: [listed, { ...listed, id: '2', tags: 'tag:web' }] },
    'nodes',
    parseHeadscaleNode,
  );
  expect(list).toMatchObject({
    devices: [{ id: '1' }],
    rejections: [{ path: ['nodes', 1, 'tags'], id: '2', name: 'web-1' }],
  });
});

test('whatever comes is read or refused, and never thrown at', () => {
  fc.assert(
    fc.property(fc.record({ nodes: fc.array(fc.anything()) }), (answer) => {
      expect(['string', 'object']).toContain(typeof parseDeviceList(answer, 'nodes', parseHeadscaleNode));
    }),
  );
});
