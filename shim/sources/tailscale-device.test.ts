import { create, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { parseDeviceList, rejectionToRejectedDevice } from './device-list.ts';
import { parseTailscaleDevice } from './tailscale-device.ts';

const listed = {
  addresses: ['100.64.0.1', 'fd7a:115c:a1e0::1'],
  authorized: true,
  blocksIncomingConnections: false,
  connectedToControl: true,
  created: '2026-01-02T03:04:05Z',
  expires: '0001-01-01T00:00:00Z',
  hostname: 'web-1',
  id: '92960230385',
  isExternal: false,
  keyExpiryDisabled: true,
  lastSeen: '2026-02-03T04:05:06Z',
  name: 'web-1.tail1234.ts.net',
  nodeId: 'n292kg92CNTRL',
  tags: ['tag:weight-2', 'tag:web', 'tag:web'],
};

test('a device as the API lists it', () => {
  const { device } = parseTailscaleDevice(listed);
  expect(device && toJson(DeviceSchema, device)).toEqual({
    id: 'n292kg92CNTRL',
    name: 'web-1.tail1234.ts.net',
    addresses: ['100.64.0.1', 'fd7a:115c:a1e0::1'],
    tags: ['tag:web', 'tag:weight-2'],
    authorized: true,
    keyExpiryDisabled: true,
    online: true,
  });
});

describe('one field', () => {
  const never = undefined;
  const cases: readonly { name: string; fields: object; means: object }[] = [
    { name: 'id without nodeId', fields: { nodeId: undefined }, means: { id: '92960230385' } },
    { name: 'a number as id', fields: { nodeId: 17 }, means: { id: '17' } },
    { name: 'no identifier', fields: { nodeId: null, id: null }, means: { id: 'web-1.tail1234.ts.net' } },
    { name: 'a dot at the end of the name', fields: { name: 'a.ts.net.' }, means: { name: 'a.ts.net' } },
    { name: 'no name', fields: { name: '' }, means: { name: 'web-1' } },
    { name: 'authorized absent', fields: { authorized: undefined }, means: { authorized: true } },
    { name: 'not authorized', fields: { authorized: false }, means: { authorized: false } },
    { name: 'external', fields: { isExternal: true }, means: { external: true } },
    { name: 'shields up', fields: { blocksIncomingConnections: true }, means: { blocksIncoming: true } },
    { name: 'no tags, as Go writes them', fields: { tags: null }, means: { tags: [] } },
    { name: 'no addresses yet', fields: { addresses: [] }, means: { addresses: [] } },
    { name: 'a prefix length', fields: { addresses: ['100.64.0.1/32'] }, means: { addresses: ['100.64.0.1'] } },
    { name: 'another way of writing', fields: { addresses: ['FD7A:0::1'] }, means: { addresses: ['fd7a::1'] } },
    { name: 'an end', fields: { expires: '2030-01-01T02:00:00+02:00' }, means: { expires: { seconds: 1893456000n } } },
    { name: 'a date as end', fields: { expires: '2030-01-01' }, means: { expires: { seconds: 1893456000n } } },
    { name: 'no end: zero time', fields: { expires: '0001-01-01T00:00:00Z' }, means: { expires: never } },
    { name: 'no end: null', fields: { expires: null }, means: { expires: never } },
    { name: 'no end: empty', fields: { expires: '' }, means: { expires: never } },
    { name: 'offline since', fields: { connectedToControl: false }, means: { online: false, lastSeen: {} } },
    { name: 'online', fields: { connectedToControl: true }, means: { online: true, lastSeen: never } },
    { name: 'not said whether online', fields: { connectedToControl: null }, means: { online: never, lastSeen: {} } },
    { name: 'never seen', fields: { connectedToControl: null, lastSeen: null }, means: { lastSeen: never } },
  ];

  test.each(cases)('$name', ({ fields, means }) => {
    const { device, rejections } = parseTailscaleDevice({ ...listed, ...fields });
    expect(rejections).toEqual([]);
    const told = Object.keys(means).map((key) => [key, device?.[key as keyof typeof device]]);
    expect(Object.fromEntries(told)).toMatchObject(means);
  });
});

describe('attributes in the device itself', () => {
  const cases: readonly {
    name: string;
    attributes?: unknown;
    expiries?: unknown;
    means: object;
    rejected?: string[];
  }[] = [
    { name: 'a text', attributes: { 'custom:lb-zone': 'eu' }, means: { 'custom:lb-zone': { value: 'eu' } } },
    { name: 'a number', attributes: { 'custom:lb-weight': 2.5 }, means: { 'custom:lb-weight': { value: '2.5' } } },
    { name: 'true', attributes: { 'custom:x': true }, means: { 'custom:x': { value: 'true' } } },
    {
      name: 'others are left out',
      attributes: { 'node:os': 'linux', 'custom:': 1 },
      means: { 'custom:': { value: '1' } },
    },
    {
      name: 'an end',
      attributes: { 'custom:x': 1 },
      expiries: { 'custom:x': '2030-01-01T00:00:00Z', 'custom:y': 'x' },
      means: { 'custom:x': { value: '1', expires: { seconds: 1893456000n } } },
    },
    { name: 'nothing', attributes: null, expiries: null, means: {} },
    {
      name: 'a bad one is left out alone',
      attributes: { 'custom:x': [1], 'custom:y': 1, 'custom:z': 'z'.repeat(5000) },
      means: { 'custom:y': { value: '1' } },
      rejected: [
        'd[0].attributes["custom:x"] (web-1.tail1234.ts.net)',
        'd[0].attributes["custom:z"] (web-1.tail1234.ts.net)',
      ],
    },
    {
      name: 'one whose end cannot be read is left out',
      attributes: { 'custom:x': 1 },
      expiries: { 'custom:x': 'soon' },
      means: {},
      rejected: ['d[0].expiries["custom:x"] (web-1.tail1234.ts.net)'],
    },
  ];

  test.each(cases)('$name', ({ attributes, expiries, means, rejected = [] }) => {
    const { device, rejections } = parseTailscaleDevice({ ...listed, attributes, expiries });
    expect(device?.attributes).toMatchObject(means);
    expect(Object.keys(device?.attributes ?? {})).toEqual(Object.keys(means));
    const told = rejections.map((each) => rejectionToRejectedDevice({ ...each, path: ['d', 0, ...each.path] }));
    expect(told.map(({ place }) => place)).toEqual(rejected);
    expect(told.every(({ id }) => id === undefined)).toBe(true);
  });
});

describe('an answer', () => {
  const parse = (answer: unknown) => parseDeviceList(answer, 'devices', parseTailscaleDevice);
  const notAnswers: readonly { name: string; answer: unknown; why: RegExp }[] = [
    { name: 'null', answer: null, why: /it is no object/ },
    { name: 'a list', answer: [], why: /it is no object/ },
    { name: 'a text', answer: 'devices', why: /it is no object/ },
    { name: 'an empty object', answer: {}, why: /no list `devices`/ },
    { name: 'null devices', answer: { devices: null }, why: /no list `devices`/ },
    { name: 'devices by name', answer: { devices: { a: listed } }, why: /no list `devices`/ },
    { name: 'nothing but bad entries', answer: { devices: [{ ...listed, tags: 1 }, 5] }, why: /none of its 2 devices/ },
  ];

  test.each(notAnswers)('$name is none', ({ answer, why }) => {
    expect(parse(answer)).toMatch(why);
  });

  test('an empty list is one', () => {
    expect(parse({ devices: [] })).toEqual({ devices: [], rejections: [] });
  });

  const badEntries: readonly { name: string; entry: unknown; place: string; detail: RegExp; id?: string }[] = [
    { name: 'no object', entry: 5, place: 'devices[1]', detail: /is no object/ },
    { name: 'null', entry: null, place: 'devices[1]', detail: /is no object/ },
    {
      name: 'no addresses',
      entry: { id: 'x', name: 'a' },
      place: 'devices[1].addresses (a)',
      detail: /100\.64/,
      id: 'x',
    },
    {
      name: 'a bad address',
      entry: { id: 'x', addresses: ['100.64.0.2', '100.64.0'] },
      place: 'devices[1].addresses[1]',
      detail: /^is the string "100.64.0", but must be an IP address/,
      id: 'x',
    },
    {
      name: 'a bad tag',
      entry: { ...listed, nodeId: 'x', tags: [1] },
      place: 'devices[1].tags[0] (web-1.tail1234.ts.net)',
      detail: /^is the number 1, but must be a non-empty string: write one such as "tag:weight-1"$/,
      id: 'x',
    },
    {
      name: 'a bad flag',
      entry: { ...listed, nodeId: 'x', authorized: 'yes' },
      place: 'devices[1].authorized (web-1.tail1234.ts.net)',
      detail: /^is the string "yes", but must be true or false: write authorized: true$/,
      id: 'x',
    },
    {
      name: 'a bad time',
      entry: { ...listed, nodeId: 'x', expires: 'soon' },
      place: 'devices[1].expires (web-1.tail1234.ts.net)',
      detail: /^is the string "soon", but must be a time .*: write expires: "2030-01-31T12:00:00Z"$/,
      id: 'x',
    },
    {
      name: 'more than one mistake',
      entry: { id: 'x', addresses: 1, tags: 1 },
      place: 'devices[1].addresses',
      detail: /\(and 1 more\)/,
      id: 'x',
    },
    {
      name: 'a name without end',
      entry: { ...listed, nodeId: 'x', name: 'x'.repeat(600) },
      place: 'devices[1].name (web-1)',
      detail: /512/,
      id: 'x',
    },
    ...[
      { name: 'a tag alone', fields: { tags: 'tag:weight-3' }, says: 'write tags: ["tag:weight-3"]' },
      { name: 'an empty tag', fields: { tags: [''] }, at: 'tags[0]', says: 'is an empty string, but must be' },
      { name: 'a name that YAML reads as a number', fields: { name: 123 }, says: 'write name: "123"' },
      { name: 'a quoted flag', fields: { authorized: 'false' }, says: 'write authorized: false' },
      { name: 'an address alone', fields: { addresses: '100.64.0.1' }, says: 'write addresses: ["100.64.0.1"]' },
      { name: 'attributes in a list', fields: { attributes: [] }, says: 'but must be an object' },
      { name: 'a time after year 9999', fields: { expires: '9999-12-31T23:59:59-12:00' }, says: 'years 1 to 9999' },
      { name: 'a time before year 1', fields: { lastSeen: '0001-01-01T00:00:00+02:00' }, says: 'years 1 to 9999' },
      { name: 'a time on no day', fields: { expires: '2030-02-30' }, says: 'must be a time' },
      { name: 'half a character in a name', fields: { name: 'web\udfff' }, says: 'half a character' },
      { name: 'half a character in a tag', fields: { tags: ['tag:\ud800'] }, at: 'tags[0]', says: 'half a character' },
      { name: 'too many bad tags', fields: { tags: Array.from({ length: 200_000 }, () => 5) }, says: 'up to 1024' },
    ].map(({ name, fields, at, says }) => ({
      name,
      entry: { ...listed, nodeId: 'x', ...fields },
      place: `devices[1].${at ?? Object.keys(fields)[0]} (${'name' in fields ? 'web-1' : 'web-1.tail1234.ts.net'})`,
      detail: new RegExp(says.replaceAll(/[[\]]/g, '\\$&')),
      id: 'x',
    })),
    {
      name: 'an unquoted identifier of many digits',
      entry: { ...listed, nodeId: Number('92960230385123456789'), id: undefined, name: undefined, hostname: undefined },
      place: 'devices[1].nodeId',
      detail: /number with more digits than numbers keep.*: write its digits in quotes, as in nodeId: "\d{17}"$/,
    },
    {
      name: 'half a character in an identifier',
      entry: { addresses: ['100.64.0.1'], nodeId: 'd\udfff' },
      place: 'devices[1].nodeId',
      detail: /half a character/,
    },
    {
      name: 'an id of another',
      entry: listed,
      place: 'devices[1] (web-1.tail1234.ts.net)',
      detail: /same id as devices\[0\]/,
    },
    { name: 'nothing to call it by', entry: { addresses: [] }, place: 'devices[1]', detail: /has no `nodeId`/ },
  ];

  test.each([
    { fields: { name: 'web' }, says: 'has no id, and its name ("web") stands for one, which devices[0] has already' },
    { fields: { addresses: ['100.64.0.9'] }, says: 'has no id, and its address ("100.64.0.9") stands for one' },
    { fields: { id: 'a', name: 'web' }, says: 'has the same id as devices[0]; give each its own' },
  ])('a second one: $says', ({ fields, says }) => {
    const entry = { addresses: ['100.64.0.1'], ...fields };
    expect(parse({ devices: [entry, entry] })).toMatchObject({
      devices: [{}],
      rejections: [{ path: ['devices', 1], detail: expect.stringContaining(says) }],
    });
  });

  test('many bad attributes of one device are told in part, and harm only themselves', () => {
    const bad = Array.from({ length: 200_000 }, (_, index) => [`custom:x${index}`, [1]]);
    const attributes = { 'custom:lb-weight': 3, ...Object.fromEntries(bad), 'custom:\ud800': 1 };
    const list = parse({ devices: [{ ...listed, attributes }] });
    if (typeof list === 'string') throw new Error(list);
    expect(list.devices[0]?.attributes).toMatchObject({ 'custom:lb-weight': { value: '3' } });
    const told = list.rejections.map((rejection) => rejectionToRejectedDevice(rejection));
    expect(told).toHaveLength(11);
    expect(told[0]).toEqual({
      place: 'devices[0].attributes["custom:x0"] (web-1.tail1234.ts.net)',
      detail: expect.stringMatching(/^is a list of 1, but must be .*: write "custom:x0": 1$/),
    });
    expect(told[10]?.detail).toBe('has 199991 more that cannot be used');
  });

  test.each(badEntries)('$name harms only itself', ({ entry, place, detail, id }) => {
    const list = parse({ devices: [listed, entry] });
    if (typeof list === 'string') throw new Error(list);
    expect(list.devices.map((device) => device.id)).toEqual(['n292kg92CNTRL']);
    expect(list.rejections).toHaveLength(1);
    const [told] = list.rejections.map((rejection) => rejectionToRejectedDevice(rejection));
    expect(told?.place).toBe(place);
    expect(told?.detail).toMatch(detail);
    expect(told?.id).toBe(id);
  });
});

describe('whatever comes', () => {
  const anything = fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true });
  /** Half characters included, which JSON can carry and little else. */
  const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });
  const date = fc.tuple(
    fc.constantFrom('0000-01-01', '0001-01-01', '2030-01-31', '9999-12-31'),
    fc.integer({ min: 0, max: 23 }),
  );
  const farTime = fc
    .tuple(date, fc.constantFrom('Z', '+14:00', '-12:00'))
    .map(([[day, hour], offset]) => `${day}T${String(hour).padStart(2, '0')}:59:59.999${offset}`);
  const field = fc.oneof(
    anything,
    fc.constant('2030-01-01T00:00:00Z'),
    fc.constant(['100.64.0.1']),
    fc.boolean(),
    text,
    fc.array(text),
    farTime,
  );
  const entry = fc.record(
    Object.fromEntries([...Object.keys(listed), 'attributes', 'expiries'].map((key) => [key, field])),
    { requiredKeys: [] },
  );
  const validator = createValidator();

  test('an answer is read or refused, and never thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(anything, fc.record({ devices: fc.array(fc.oneof(anything, entry)) })), (answer) => {
        const list = parseDeviceList(answer, 'devices', parseTailscaleDevice);
        if (typeof list === 'string') return;
        for (const rejection of list.rejections) expect(rejectionToRejectedDevice(rejection).detail).not.toBe('');
        for (const device of list.devices) expect(toBinary(DeviceSchema, device)).not.toHaveLength(0);
      }),
    );
  });

  test('what is read is what the functions accept', () => {
    const attributes = fc.dictionary(
      fc.oneof(
        fc.string(),
        text.map((key) => `custom:${key}`),
      ),
      field,
    );
    const almost = fc.record(
      {
        ...Object.fromEntries(Object.keys(listed).map((key) => [key, field])),
        addresses: fc.constant(['100.64.0.1']),
        attributes,
        expiries: attributes,
      },
      { requiredKeys: ['addresses'] },
    );
    fc.assert(
      fc.property(almost, (entry) => {
        const { device } = parseTailscaleDevice(entry);
        if (device === undefined) return;
        expect(validator.validate(DeviceSchema, device)).toMatchObject({ kind: 'valid' });
        expect(create(DeviceSchema, device)).toEqual(device);
        expect(fromJson(DeviceSchema, toJson(DeviceSchema, device))).toEqual(device);
        expect(encodeURIComponent(device.id)).not.toBe('');
      }),
    );
  });
});
