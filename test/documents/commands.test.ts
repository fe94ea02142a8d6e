import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentedCommands, createDocumentedCommands } from './documented-commands.ts';
import { projectFolder, readCodeBlocks, readDocuments } from './documents.ts';

// Every block of commands that a document shows is run: here, by CI as a whole, or (docs/edge.md) with what it answers.

const all = readDocuments()
  .filter(({ path }) => path !== 'docs/edge.md')
  .flatMap(readCodeBlocks)
  .filter(({ language }) => language === 'bash');
const ci = readFileSync(join(projectFolder, '.ci/run'), 'utf8');
const scripts = readFileSync(join(projectFolder, 'package.json'), 'utf8');
const isRunByCi = (line: string) => new RegExp(`^${line}\\b`, 'm').test(ci) || scripts.includes(`&& ${line}"`);
const here = all.filter(
  ({ marker, text }) => !marker.startsWith('needs ') && !text.trim().split('\n').every(isRunByCi),
);

let commands: DocumentedCommands;
beforeAll(async () => {
  commands = await createDocumentedCommands();
});
afterAll(async () => commands[Symbol.asyncDispose]());

test('a marker is one of those that are known', () => {
  const known =
    /^(|keeps running|needs (an account|a cluster|an Envoy with its admin interface on port 19000|docker and a registry|recordings))$/;
  expect(all.filter(({ marker }) => !known.test(marker)).map(({ place }) => place)).toEqual([]);
});

describe('commands that end', () => {
  test.each(here.filter(({ marker }) => marker === ''))('$place', async ({ text }) => {
    expect(await commands.run(text)).toMatchObject({ code: 0 });
  });
});

describe('commands that keep running', () => {
  test.each(here.filter(({ marker }) => marker === 'keeps running'))('$place', async ({ text }) => {
    await expect(commands.runUntilServing(text)).resolves.toBeUndefined();
  });
});
