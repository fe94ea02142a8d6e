import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createStateFile } from './state-file.ts';

let parent: string;
let folder: string;
let path: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'tailway-state-'));
  folder = join(parent, 'state');
  path = join(folder, 'devices.json');
});
afterEach(() => rm(parent, { recursive: true }));

const devices = (...ids: string[]) =>
  ids.map((id) =>
    create(DeviceSchema, {
      id,
      name: `${id}.ts.net`,
      addresses: ['100.64.0.1'],
      online: false,
      lastSeen: timestampFromMs(1_750_000_000_123),
      attributes: { 'custom:lb-weight': { value: '3', expires: timestampFromMs(1_850_000_000_000) } },
    }),
  );

function open(origin = 'tailscale https://api.tailscale.com -', clock = createFakeClock()) {
  const log = createFakeLog();
  return { clock, log, file: createStateFile({ folder, origin, clock, log }) };
}

test('what is saved is restored, and its age told', async () => {
  const before = open();
  before.file.save(devices('a', 'b'));
  await before.file.close();
  const after = open();
  after.clock.advance(90_000);
  expect(await after.file.restore()).toEqual(devices('a', 'b'));
  expect(after.log.lines).toMatchObject([{ level: 'info', fields: { path, devices: 2, ageMs: 90_000 } }]);
});

test('an empty list is a state too', async () => {
  const before = open();
  before.file.save([]);
  await before.file.close();
  expect(await open().file.restore()).toEqual([]);
});

test('without a saved state there is none, and nothing to tell', async () => {
  const { file, log } = open();
  expect(await file.restore()).toBeUndefined();
  expect(log.lines).toEqual([]);
});

test('many changes become one write, of the last', async () => {
  const { file, clock } = open();
  for (const id of ['a', 'b', 'c']) file.save(devices(id));
  expect(clock.timers()).toEqual([1000]);
  clock.advance(1000);
  await expect
    .poll(async () => JSON.parse(await readFile(path, 'utf8').catch(() => 'null')))
    .toMatchObject({ devices: [{ id: 'c' }] });
  expect(clock.timers()).toEqual([]);
});

test('the same devices are not written again, and keep their age', async () => {
  const before = open();
  before.file.save(devices('a'));
  await before.file.close();
  const written = await readFile(path, 'utf8');
  const after = open();
  after.clock.advance(90_000);
  after.file.save((await after.file.restore()) ?? []);
  await after.file.close();
  expect(await readFile(path, 'utf8')).toBe(written);
});

test('nothing is left beside the file, and only its owner reads it', async () => {
  const { file } = open();
  file.save(devices('a'));
  await file.close();
  expect(await readdir(folder)).toEqual(['devices.json']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

describe('a state that cannot be used is told and put aside', () => {
  const cases: readonly { name: string; change: (text: string) => string; detail: RegExp }[] = [
    { name: 'empty', change: () => '', detail: /it is no JSON/ },
    { name: 'cut off', change: (text) => text.slice(0, -20), detail: /it is no JSON/ },
    {
      name: 'changed by hand',
      change: (text) => text.replace('100.64.0.1', '100.64.0.9'),
      detail: /its hash does not fit/,
    },
    {
      name: 'of a later version',
      change: (text) => text.replace('"version": 1', '"version": 2'),
      detail: /another version: version/,
    },
    { name: 'of something else', change: () => '{"devices": []}', detail: /another version: format/ },
  ];

  test.each(cases)('$name', async ({ change, detail }) => {
    const before = open();
    before.file.save(devices('a'));
    await before.file.close();
    const changed = change(await readFile(path, 'utf8'));
    await writeFile(path, changed);
    const { file, log } = open();
    expect(await file.restore()).toBeUndefined();
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { path, detail: expect.stringMatching(detail) } }]);
    expect(await readFile(`${path}.unusable`, 'utf8')).toBe(changed);
  });
});

test('a device that cannot be written harms no other one', async () => {
  const far = create(DeviceSchema, { id: 'far', expires: { seconds: 253_402_300_800n } });
  const before = open();
  before.file.save([...devices('a'), far, ...devices('b')]);
  await before.file.close();
  expect(before.log.lines).toMatchObject([
    { level: 'error', message: 'failed to save a device: a restart would begin without it', fields: { device: 'far' } },
  ]);
  expect(await open().file.restore()).toEqual(devices('a', 'b'));
  const alone = open();
  alone.file.save([far]);
  await alone.file.close();
  expect(await open().file.restore()).toEqual(devices('a', 'b'));
});

test('a device that cannot be read harms no other one', async () => {
  const half = create(DeviceSchema, { id: 'half', name: 'web\udfff' });
  const before = open();
  before.file.save([...devices('a'), half]);
  await before.file.close();
  const { file, log } = open();
  expect(await file.restore()).toEqual(devices('a'));
  expect(log.messages('warn')).toEqual(['a device of the saved state cannot be read: starting without it']);
  const alone = open();
  alone.file.save([half]);
  await alone.file.close();
  expect(await open().file.restore()).toBeUndefined();
});

test('the state of another tailnet is told, and not restored', async () => {
  const before = open();
  before.file.save(devices('a'));
  await before.file.close();
  const { file, log } = open('tailscale https://api.tailscale.com example.com');
  expect(await file.restore()).toBeUndefined();
  expect(log.messages('warn')).toEqual(['the saved state is of another tailnet: starting without it']);
});

test('a folder that cannot be written to is told once, and tried again', async () => {
  await writeFile(folder, 'a file in the place of the folder');
  const { file, log, clock } = open();
  file.save(devices('a'));
  clock.advance(1000);
  await expect.poll(() => clock.timers()).toEqual([30_000]);
  clock.advance(30_000);
  await expect.poll(() => clock.timers()).toEqual([30_000]);
  expect(log.messages('warn')).toEqual(['failed to save the state: a restart would begin without devices']);
  await rm(folder);
  clock.advance(30_000);
  await expect.poll(() => log.messages('info')).toEqual(['the state can be saved again']);
  expect(await open().file.restore()).toEqual(devices('a'));
  await chmod(path, 0o600);
  await file.close();
});
