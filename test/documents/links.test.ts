import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder, readAnchors, readDocuments, readLinks } from './documents.ts';

const documents = readDocuments();

test.each(documents)('$path links to what there is', (document) => {
  const missing = readLinks(document).filter(({ file, anchor }) => {
    if (!existsSync(join(projectFolder, file))) return true;
    const target = documents.find(({ path }) => path === file);
    return anchor !== '' && target !== undefined && !readAnchors(target).includes(anchor);
  });
  expect(missing).toEqual([]);
});

test('every document is linked from the README', () => {
  const readme = documents.find(({ path }) => path === 'README.md');
  const linked = new Set(readme === undefined ? [] : readLinks(readme).map(({ file }) => file));
  expect(documents.map(({ path }) => path).filter((path) => path !== 'README.md' && !linked.has(path))).toEqual([]);
});
