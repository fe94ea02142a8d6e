import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FolderLook, lookAtFolder } from './resource-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-folder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (file: string, name: string) =>
  writeFile(
    join(folder, file),
    JSON.stringify({
      apiVersion: 'gateway.tailscale.com/v1alpha1',
      kind: 'TailscaleEndpoints',
      metadata: { name },
      spec: {},
    }),
  );

/** A look, with what happens each time that it waits, and how often it did. */
async function look(last: FolderLook, whileWaiting: (times: number) => Promise<unknown> = async () => {}) {
  let times = 0;
  const files = await lookAtFolder(folder, last, async () => {
    await whileWaiting(++times);
  });
  const names = [...files.values()].flatMap(({ resources }) => resources.map(({ resource }) => resource.name));
  return { files, names, times };
}

test('nothing is waited for while nothing changes', async () => {
  await put('a.yaml', 'a');
  const first = await look(new Map());
  expect([first.names, first.times]).toEqual([['a'], 1]);
  const second = await look(first.files);
  expect([second.names, second.times]).toEqual([['a'], 0]);
});

test('a file that is deleted is gone', async () => {
  await put('a.yaml', 'a');
  await put('b.yaml', 'b');
  const { files } = await look(new Map());
  await unlink(join(folder, 'a.yaml'));
  expect((await look(files)).names).toEqual(['b']);
});

test('a file that is deleted to be made again is not gone meanwhile', async () => {
  await put('a.yaml', 'a');
  const { files } = await look(new Map());
  await unlink(join(folder, 'a.yaml'));
  const { names } = await look(files, async (times) => times === 1 && put('a.yaml', 'new'));
  expect(names).toEqual(['new']);
});

test('a folder that is deleted file by file is missing, and not empty', async () => {
  await put('a.yaml', 'a');
  await put('b.yaml', 'b');
  const { files } = await look(new Map());
  await unlink(join(folder, 'a.yaml'));
  const deleting = look(files, (times) =>
    times === 1 ? unlink(join(folder, 'b.yaml')) : rm(folder, { recursive: true }),
  );
  await expect(deleting).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a folder that is never left alone counts all the same', async () => {
  await put('a.yaml', 'a');
  const { names } = await look(new Map(), (times) => put(`${times}.yaml`, `n${times}`));
  expect(names).toEqual(expect.arrayContaining(['a', 'n1', 'n2']));
});
