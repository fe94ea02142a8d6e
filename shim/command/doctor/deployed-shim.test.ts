import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFlagsBeside, flagsForOthers } from './deployed-shim.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-deployed-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the flags of the shim beside a command', () => {
  it.each([
    {
      name: 'as its image starts it',
      words: [
        '/nodejs/bin/node',
        '--max-semi-space-size=2',
        '/app/tailway.mjs',
        'serve',
        '--namespaces=a',
        '--api-url=x',
      ],
      flags: ['--namespaces=a', '--api-url=x'],
    },
    { name: 'without flags', words: ['/nodejs/bin/node', '/app/tailway.mjs', 'serve'], flags: [] },
    { name: 'of something else', words: ['/sbin/init', 'serve', '--namespaces=a'], flags: [] },
  ])('$name', async ({ words, flags }) => {
    const file = join(folder, 'cmdline');
    await writeFile(file, words.map((word) => `${word}\0`).join(''));
    expect(await findFlagsBeside(file)).toEqual(flags);
  });

  it('where nothing is told of it', async () => {
    expect(await findFlagsBeside(join(folder, 'absent'))).toEqual([]);
  });
});

it('takes from a Deployment what is true elsewhere, and is not named otherwise', () => {
  const flags = ['--namespaces=a', '--devices=/in/the/pod', '--functions-url=http://in.cluster', '--grpc-port=5005'];
  expect(flagsForOthers(flags, {})).toEqual(['--namespaces=a', '--grpc-port=5005']);
  expect(flagsForOthers(flags, { GRPC_PORT: '6000', TAILWAY_NAMESPACES: '' })).toEqual(['--namespaces=a']);
});
