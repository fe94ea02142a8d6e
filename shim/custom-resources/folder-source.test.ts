import { mkdirSync, rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../timing/clock.ts';
import { createFolderSource } from './folder-source.ts';
import { formatResourceKey } from './unique-resources.ts';

let root: string;
let folder: string;
let abort: AbortController;
let run: Promise<void>;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tailway-resources-'));
  folder = join(root, 'resources');
  await mkdir(folder);
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await run;
  await rm(root, { recursive: true });
});

/** A running source: what there is by now (name and first port), and all that it told otherwise. */
function start(path = folder, rescanMs = 30) {
  const known = new Map<string, unknown>();
  const told: string[] = [];
  const source = createFolderSource({ path, clock: systemClock, rescanMs });
  run = source.run(
    {
      changed(changes) {
        for (const change of changes) {
          if (change.kind === 'remove') known.delete(formatResourceKey(change.key));
          else known.set(formatResourceKey(change.resource), change.resource.spec);
        }
        told.push('changed');
      },
      synced: () => told.push('synced'),
      failed: ({ place, detail }) => told.push(`${place.slice(root.length + 1)}: ${detail}`),
    },
    abort.signal,
  );
  return {
    told: () => told,
    known: () => Object.fromEntries([...known].map(([key, spec]) => [key.replace('TailscaleEndpoints ', ''), spec])),
  };
}

const object = (name: string, spec: unknown = 1, more: object = {}) =>
  JSON.stringify({
    apiVersion: 'gateway.tailscale.com/v1alpha1',
    kind: 'TailscaleEndpoints',
    metadata: { name, ...more },
    spec,
  });

/** Writes as careful programs do: nobody ever sees half of it. */
async function put(name: string, content: string): Promise<void> {
  await writeFile(join(root, 'new'), content);
  await rename(join(root, 'new'), join(folder, name));
}

const soon = { timeout: 60_000, interval: 5 };

test('files of three kinds, several documents, lists, and what is none of ours', async () => {
  await put(
    'a.yaml',
    `${object('a')}\n---\n# nothing\n---\n${object('b', 2, { namespace: 'other' })}\n---\nkind: ConfigMap\n`,
  );
  await put('c.yml', `apiVersion: v1\nkind: List\nitems:\n  - ${object('c')}\n  - kind: Secret\n`);
  await put('d.json', object('d'));
  await put('e.txt', object('e'));
  await put('.f.yaml', object('f'));
  await put('values.yaml', 'replicas: 3\n');
  await mkdir(join(folder, 'folder.yaml'));
  const { known, told } = start();
  await expect.poll(told, soon).toContain('synced');
  expect(known()).toEqual({ 'default/a': 1, 'other/b': 2, 'default/c': 1, 'default/d': 1 });
  expect(told()).toEqual(['changed', 'synced']);
});

test('an empty folder is synced', async () => {
  const { told } = start();
  await expect.poll(told, soon).toEqual(['synced']);
});

test('files that come, change, are renamed and go', async () => {
  const { known } = start();
  await put('a.yaml', object('a'));
  await expect.poll(known, soon).toEqual({ 'default/a': 1 });
  await put('a.yaml', object('a', 2));
  await expect.poll(known, soon).toEqual({ 'default/a': 2 });
  await rename(join(folder, 'a.yaml'), join(folder, 'b.yaml'));
  await put('c.yaml', object('c'));
  await expect.poll(known, soon).toEqual({ 'default/a': 2, 'default/c': 1 });
  await unlink(join(folder, 'b.yaml'));
  await expect.poll(known, soon).toEqual({ 'default/c': 1 });
});

test('a file that cannot be read any more keeps what it held', async () => {
  await put('a.yaml', object('a'));
  await put('b.yaml', object('b'));
  const { known, told } = start();
  await expect.poll(told, soon).toContain('synced');
  await put('a.yaml', 'kind: [\n');
  await expect.poll(told, soon).toContainEqual(expect.stringMatching(/^resources\/a.yaml:2:1: /));
  await put('b.yaml', '');
  await expect.poll(told, soon).toContainEqual(expect.stringMatching(/^resources\/b.yaml: it is empty/));
  expect(known()).toEqual({ 'default/a': 1, 'default/b': 1 });
  await put('a.yaml', object('z'));
  await expect.poll(known, soon).toEqual({ 'default/z': 1, 'default/b': 1 });
  await put('b.yaml', '# nothing any more\n');
  await expect.poll(known, soon).toEqual({ 'default/z': 1 });
});

test.skipIf(process.getuid?.() === 0)('a file without permission keeps what it held', async () => {
  await put('a.yaml', object('a'));
  const { known, told } = start();
  await expect.poll(told, soon).toContain('synced');
  await chmod(join(folder, 'a.yaml'), 0);
  await expect.poll(told, soon).toContainEqual(expect.stringMatching(/a.yaml: EACCES/));
  expect(known()).toEqual({ 'default/a': 1 });
});

test('a bad document harms only itself, and is told once, with its place', async () => {
  await put('a.yaml', `${object('a')}\n---\n${object('b')}\n`);
  const { known, told } = start();
  await expect.poll(told, soon).toContain('synced');
  await put('a.yaml', `${object('a', 2)}\n---\nb: [\n---\n${object('Not A Name')}\n---\n${object('c')}\n`);
  await expect.poll(known, soon).toEqual({ 'default/a': 2, 'default/b': 1, 'default/c': 1 });
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  const faults = told().filter((line) => line.startsWith('resources/'));
  expect(faults.map((line) => line.split(' ')[0])).toEqual(['resources/a.yaml:4:1:', 'resources/a.yaml:5:1:']);
});

test('one object in two files: the older counts, then one that is the same whatever the files are called', async () => {
  await put('b.yaml', object('a', 1));
  const { known, told } = start();
  await expect.poll(known, soon).toEqual({ 'default/a': 1 });
  await put('a.yaml', object('a', 2));
  await put('c.yaml', object('a', 0));
  await expect.poll(known, soon).toEqual({ 'default/a': 0 });
  await put('d.yaml', object('a', 3, { creationTimestamp: '2026-01-01T00:00:00Z' }));
  await expect
    .poll(told, soon)
    .toContainEqual(expect.stringMatching(/^resources\/d.yaml:1: .* stands in .*\/c.yaml:1 too/));
  await unlink(join(folder, 'c.yaml'));
  await unlink(join(folder, 'b.yaml'));
  await unlink(join(folder, 'a.yaml'));
  await expect.poll(known, soon).toEqual({ 'default/a': 3 });
});

test('the links of a ConfigMap', async () => {
  for (const version of ['1', '2']) {
    await mkdir(join(folder, `..v${version}`));
    await writeFile(join(folder, `..v${version}`, 'a.yaml'), object('a', Number(version)));
  }
  await symlink('..v1', join(folder, '..data'));
  await symlink('..data/a.yaml', join(folder, 'a.yaml'));
  const { known } = start();
  await expect.poll(known, soon).toEqual({ 'default/a': 1 });
  await symlink('..v2', join(folder, '..tmp'));
  await rename(join(folder, '..tmp'), join(folder, '..data'));
  await expect.poll(known, soon).toEqual({ 'default/a': 2 });
});

test('a link that leads nowhere any more keeps what it held', async () => {
  await writeFile(join(root, 'elsewhere'), object('a'));
  await symlink(join(root, 'elsewhere'), join(folder, 'a.yaml'));
  const { known, told } = start();
  await expect.poll(known, soon).toEqual({ 'default/a': 1 });
  await unlink(join(root, 'elsewhere'));
  await expect.poll(told, soon).toContainEqual(expect.stringMatching(/a.yaml: ENOENT/));
  expect(known()).toEqual({ 'default/a': 1 });
});

test('a folder that comes later, goes, and is made again', async () => {
  await rm(folder, { recursive: true });
  const { known, told } = start();
  await expect.poll(told, soon).toEqual([expect.stringMatching(/there is no such folder/)]);
  await mkdir(folder);
  await put('a.yaml', object('a'));
  await expect.poll(known, soon).toEqual({ 'default/a': 1 });
  // At once: deleted file by file, it could be found empty.
  await rename(folder, join(root, 'old'));
  await expect.poll(() => told().filter((line) => /no such folder/.test(line)).length, soon).toBe(2);
  expect(known()).toEqual({ 'default/a': 1 });
  await mkdir(folder);
  await put('b.yaml', object('b'));
  await expect.poll(known, soon).toEqual({ 'default/b': 1 });
  await put('b.yaml', object('b', 2));
  await expect.poll(known, soon).toEqual({ 'default/b': 2 });
});

// Many file systems give it the inode of the one before.
test('a folder that is made again at once is watched too', async () => {
  await put('a.yaml', object('a'));
  const { known, told } = start(folder, 3_600_000);
  await expect.poll(told, soon).toContain('synced');
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  await expect.poll(known, soon).toEqual({});
  await put('b.yaml', object('b'));
  await expect.poll(known, soon).toEqual({ 'default/b': 1 });
});

test('unchanged content is not told again', async () => {
  await put('a.yaml', object('a'));
  const { known, told } = start();
  await expect.poll(told, soon).toEqual(['changed', 'synced']);
  await put('a.yaml', `# a remark\n${object('a')}\n`);
  await put('b.yaml', object('b'));
  await expect.poll(known, soon).toEqual({ 'default/a': 1, 'default/b': 1 });
  expect(told()).toEqual(['changed', 'synced', 'changed']);
});
