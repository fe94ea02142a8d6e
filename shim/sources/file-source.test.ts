import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { oddEntries, wrongBody } from '../../test/fake-tailscale/faults.ts';
import { tailscaleDevice } from '../../test/fake-tailscale/tailnet.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { systemClock } from '../timing/clock.ts';
import { createFileSource } from './file-source.ts';

let folder: string;
let abort: AbortController;
let run: Promise<void>;
let confirmations: number;
let faults: Error[];
beforeEach(async () => {
  confirmations = 0;
  faults = [];
  folder = await mkdtemp(join(tmpdir(), 'tailway-devices-'));
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await run;
  await rm(folder, { recursive: true });
});

const text = (...ids: string[]) => JSON.stringify({ devices: ids.map((id) => ({ id, addresses: ['100.64.0.1'] })) });

/** A running source; the ids of each list and the reason of each failure that it told. */
function start(path: string, rescanMs = 30) {
  const told: string[] = [];
  const source = createFileSource({ path, clock: systemClock, log: createFakeLog(), rescanMs });
  run = source.run(
    {
      devices(devices) {
        const fault = faults.shift();
        if (fault !== undefined) throw fault;
        told.push(devices.map(({ id }) => id).join(' '));
      },
      confirmed: () => confirmations++,
      failed: ({ reason, detail }) => told.push(`${reason}: ${detail.slice(path.length)}`),
    },
    abort.signal,
  );
  return () => told;
}

/** Writes as careful programs do: nobody ever sees half of it. */
async function put(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

const soon = { timeout: 60_000, interval: 5 };
const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

test('a file that another takes the place of', async () => {
  const path = join(folder, 'devices.json');
  await writeFile(path, text('a'));
  const told = start(path);
  await expect.poll(told, soon).toEqual(['a']);
  await put(path, text('a', 'b'));
  await expect.poll(told, soon).toEqual(['a', 'a b']);
  await put(path, text('a', 'b'));
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  expect(told()).toEqual(['a', 'a b']);
  await expect.poll(() => confirmations, soon).toBeGreaterThan(0);
});

test('content that stays unreadable confirms nothing', async () => {
  const path = join(folder, 'devices.json');
  await writeFile(path, '{');
  const told = start(path, 10);
  await expect.poll(told, soon).toHaveLength(1);
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  expect(confirmations).toBe(0);
});

test('a file that comes later, goes, and comes back as it was', async () => {
  const path = join(folder, 'later', 'devices.json');
  const told = start(path);
  const missing = like(/^unreadable: : there is no such file yet/);
  await expect.poll(told, soon).toEqual([missing]);
  await mkdir(join(folder, 'later'));
  await put(path, text('a'));
  await expect.poll(told, soon).toEqual([missing, 'a']);
  await rm(path);
  await expect.poll(told, soon).toEqual([missing, 'a', missing]);
  await put(path, text('a'));
  await expect.poll(told, soon).toEqual([missing, 'a', missing, 'a']);
});

test('a file that is written in place, in pieces', async () => {
  const path = join(folder, 'devices.json');
  await put(path, text('a'));
  const told = start(path);
  await expect.poll(told, soon).toEqual(['a']);
  const file = await open(path, 'w');
  for (const piece of text('a', 'b').match(/.{1,10}/g) ?? []) await file.write(piece);
  await file.close();
  await expect.poll(() => told().at(-1), soon).toBe('a b');
});

test('a ConfigMap, whose folder of data is swapped', async () => {
  const path = join(folder, 'devices.json');
  const give = async (version: string, content: string) => {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, 'devices.json'), content);
    await symlink(version, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await give('..1', text('a'));
  await symlink(join('..data', 'devices.json'), path);
  const told = start(path);
  await expect.poll(told, soon).toEqual(['a']);
  await give('..2', text('b'));
  await rm(join(folder, '..1'), { recursive: true });
  await expect.poll(told, soon).toEqual(['a', 'b']);
});

test('content that cannot be read is told, and over when it is', async () => {
  const path = join(folder, 'devices.yaml');
  await put(path, text('a'));
  const told = start(path);
  await expect.poll(told, soon).toEqual(['a']);
  await put(path, 'devices: [');
  await expect.poll(told, soon).toEqual(['a', like(/^invalid-answer: :1:\d+: /)]);
  await put(path, '');
  await expect.poll(told, soon).toEqual(['a', like(/^invalid-answer: :1/), like(/^invalid-answer: : it is empty/)]);
  await put(path, text('a'));
  await expect.poll(told, soon).toEqual(['a', like(/^invalid-answer/), like(/^invalid-answer/), 'a']);
});

test.each(oddEntries)('an odd entry (%s) harms only itself', async (kind) => {
  const path = join(folder, 'devices.json');
  await put(path, wrongBody(kind, { devices: [tailscaleDevice(1), tailscaleDevice(2)] }));
  const told = start(path);
  await expect.poll(told, soon).toEqual([kind === 'bad-attributes' ? 'n1CNTRL n2CNTRL' : 'n2CNTRL']);
});

test('a folder in its place is told', async () => {
  const told = start(folder);
  await expect.poll(told, soon).toEqual([like(/^unreadable: : it is a folder/)]);
});

// Whoever opens a pipe waits for its writer, and keeps the process from ending.
test('a pipe in its place is told, and not opened', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const told = start(path);
  await expect.poll(told, soon).toEqual([like(/^unreadable: : it is no file/)]);
});

test('a change counts without the watcher, and without another size or a later time', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'tailway-elsewhere-'));
  const path = join(folder, 'devices.json');
  await put(join(elsewhere, 'real.json'), text('a'));
  await symlink(join(elsewhere, 'real.json'), path);
  const told = start(path, 10);
  await expect.poll(told, soon).toEqual(['a']);
  await put(join(elsewhere, 'real.json'), text('b'));
  await expect.poll(told, soon).toEqual(['a', 'b']);
  await rm(elsewhere, { recursive: true });
});

test('a change counts without a look, by the watcher', async () => {
  const path = join(folder, 'devices.json');
  await put(path, text('a'));
  const told = start(path, 3_600_000);
  await expect.poll(told, soon).toEqual(['a']);
  await put(path, text('b'));
  await expect.poll(told, soon).toEqual(['a', 'b']);
});

// Many file systems give it the inode of the one before.
test('a file whose folder is made again at once is watched too', async () => {
  const path = join(folder, 'devices.json');
  await put(path, text('a'));
  const told = start(path, 3_600_000);
  await expect.poll(told, soon).toEqual(['a']);
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  await expect.poll(told, soon).toEqual(['a', like(/there is no such file/)]);
  await put(path, text('b'));
  await expect.poll(() => told().at(-1), soon).toBe('b');
});

test('what leads to a fault has failed, and is tried again', async () => {
  const path = join(folder, 'devices.json');
  faults = [new RangeError('first'), new RangeError('second')];
  await put(path, text('a'));
  const told = start(path);
  const fault = like(/^invalid-answer: : .*a fault of Tailway \(RangeError\)/);
  await expect.poll(told, soon).toEqual([fault]);
  // Another content is tried at once.
  await put(path, text('b'));
  await expect.poll(told, soon).toEqual([fault, fault]);
  await expect.poll(told, soon).toEqual([fault, fault, 'b']);
});
