import { describe, expect, test } from 'vitest';
import { parseDevicesFile } from './devices-file.ts';

const path = '/etc/devices.yaml';
const parse = (text: string) => parseDevicesFile(text, path);

describe('a file with devices', () => {
  test.each([
    {
      name: 'YAML',
      text: 'devices:\n  - {id: "1", addresses: [100.64.0.1]}\n  - {id: "2", addresses: [100.64.0.2]}\n',
    },
    { name: 'JSON', text: '{"devices":[{"id":"1","addresses":["100.64.0.1"]},{"id":"2","addresses":["100.64.0.2"]}]}' },
    {
      name: 'a byte order mark',
      text: '\uFEFFdevices: [{id: 1, addresses: [100.64.0.1]}, {id: 2, addresses: [100.64.0.2]}]',
    },
    {
      name: 'anchors and merges',
      text: 'devices:\n- &a {id: 1, addresses: [100.64.0.1]}\n- {<<: *a, id: 2, addresses: [100.64.0.2]}\n',
    },
    {
      name: 'CRLF',
      text: 'devices:\r\n- id: 1\r\n  addresses: [100.64.0.1]\r\n- id: 2\r\n  addresses: [100.64.0.2]\r\n',
    },
  ])('$name', ({ text }) => {
    expect(parse(text)).toMatchObject({
      ok: true,
      devices: [
        { id: '1', addresses: ['100.64.0.1'] },
        { id: '2', addresses: ['100.64.0.2'] },
      ],
      rejected: [],
    });
  });

  test('with nobody in it', () => {
    expect(parse('devices: []')).toEqual({ ok: true, devices: [], rejected: [] });
  });

  test('as short as a hand would write it', () => {
    expect(
      parse(
        'devices:\n- name: web-1\n  addresses: [100.64.0.1]\n  attributes: {"custom:lb-weight": 3, "custom:lb-zone": a}\n',
      ),
    ).toMatchObject({
      ok: true,
      devices: [
        {
          id: 'web-1',
          authorized: true,
          attributes: { 'custom:lb-weight': { value: '3' }, 'custom:lb-zone': { value: 'a' } },
        },
      ],
    });
  });
});

describe('an entry that cannot be used is told with its place', () => {
  const good = '- {id: 1, addresses: [100.64.0.1]}\n';
  const cases: readonly { name: string; text: string; place: string }[] = [
    {
      name: 'a value',
      text: `devices:\n${good}- name: web-2\n  addresses:\n    - 100.64.0\n`,
      place: 'devices[1].addresses[0] (web-2) at /etc/devices.yaml:5:7',
    },
    {
      name: 'something missing, by what lacks it',
      text: `devices:\n${good}- name: web-2\n`,
      place: 'devices[1].addresses (web-2) at /etc/devices.yaml:3:3',
    },
    {
      name: 'an attribute',
      text: 'devices:\n- name: web-2\n  addresses: [100.64.0.2]\n  attributes:\n    custom:lb-weight: [3]\n',
      place: 'devices[0].attributes["custom:lb-weight"] (web-2) at /etc/devices.yaml:5:23',
    },
    { name: 'a twin', text: `devices:\n${good}${good}`, place: 'devices[1] at /etc/devices.yaml:3:3' },
    {
      name: 'in JSON too',
      text: '{"devices": [\n{"id": "1", "addresses": ["100.64.0.1"]},\n{"id": "2", "addresses": [5]}]}',
      place: 'devices[1].addresses[0] at /etc/devices.yaml:3:27',
    },
  ];

  test.each(cases)('$name', ({ text, place }) => {
    expect(parse(text)).toMatchObject({ ok: true, rejected: [{ place }] });
  });
});

describe('a text that is no list of devices is told with its place', () => {
  test.each([
    { name: 'half-written YAML', text: 'devices:\n- {id: 1, addr', detail: /^\/etc\/devices\.yaml:2:\d+: / },
    { name: 'half-written JSON', text: '{"devices": [{"id": "1"', detail: /^\/etc\/devices\.yaml:1:24: / },
    { name: 'wrong indentation', text: 'devices:\n- id: 1\n   name: x\n', detail: /^\/etc\/devices\.yaml:\d:\d+: / },
    { name: 'nothing', text: '', detail: /it is empty; no devices at all are \{"devices": \[\]\}/ },
    { name: 'a comment', text: '# devices: []\n', detail: /it is empty/ },
    { name: 'a list', text: '- id: 1\n', detail: /it is no object/ },
    { name: 'devices without a list', text: 'devices:\n', detail: /no list `devices`/ },
    { name: 'another file', text: 'kind: Gateway\n', detail: /no list `devices`/ },
    { name: 'two documents', text: 'devices: []\n---\ndevices: []\n', detail: /devices\.yaml:2:1: a second document/ },
    { name: 'an alias without an anchor', text: 'devices: [*a]\n', detail: /alias/ },
    {
      name: 'a bomb',
      text: `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`).join('\n')}\ndevices: *a12\n`,
      detail: /alias/,
    },
    { name: 'a pit', text: `devices: ${'['.repeat(100_000)}`, detail: /^\/etc\/devices\.yaml.*nested too deeply/ },
    {
      name: 'nothing but bad entries',
      text: 'devices:\n- 5\n',
      detail: /none of its 1 devices can be read: devices\[0\] at \/etc\/devices\.yaml:2:3: is no object/,
    },
    {
      name: 'the same in JSON',
      text: '{"devices": [\n{"name": "web-1", "addresses": ["100.64.0.1"], "tags": "tag:web"}, 5]}',
      detail:
        /: devices\[0\]\.tags \(web-1\) at \/etc\/devices\.yaml:2:\d+: .* write tags: \["tag:web"\] \(and 1 more\)$/,
    },
  ])('$name', ({ text, detail }) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({ ok: false, failure: { reason: 'invalid-answer' } });
    expect(parsed.ok ? '' : parsed.failure.detail).toMatch(detail);
  });
});

describe('JSON is read as JSON, whatever is wrong with an entry', () => {
  const good = '{"id": "1", "addresses": ["100.64.0.1"]}';

  test('a key that is there twice refuses nothing', () => {
    const twice = '{"id": "2", "id": "2", "addresses": ["100.64.0.2"]}';
    expect(parse(`{"devices": [${good}, ${twice}, {"id": "3"}]}`)).toMatchObject({
      ok: true,
      devices: [{ id: '1' }, { id: '2' }],
      rejected: [{ place: 'devices[2].addresses at /etc/devices.yaml:1:109' }],
    });
  });

  test('a long one is told without line and column', () => {
    const many = Array.from({ length: 10_000 }, (_, id) => ({ id: `d${id}`, addresses: ['100.64.0.1'] }));
    const parsed = parse(JSON.stringify({ devices: [...many, { id: 'bad' }] }, undefined, 1));
    expect(parsed).toMatchObject({ ok: true, rejected: [{ place: 'devices[10000].addresses', id: 'bad' }] });
    expect(parsed.ok && parsed.devices).toHaveLength(10_000);
  });
});
