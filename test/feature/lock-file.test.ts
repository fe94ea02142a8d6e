import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';

const lockFile = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.record(z.string(), z.string()).default({}) })),
});

/** Where Node would find `name` from the package at `from`, nearest first. */
function placesOf(name: string, from: string): string[] {
  const inside = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
  const parent = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')));
  return from === '' ? [inside] : [inside, ...placesOf(name, parent)];
}

// npm leaves out what its registry does not have for other machines, and `npm ci` then refuses the whole file.
test.each(['package-lock.json', 'deploy/infra/package-lock.json'])(
  '%s names the binaries of every platform',
  async (file) => {
    const { packages } = lockFile.parse(JSON.parse(await readFile(file, 'utf8')));
    const missing = Object.entries(packages).flatMap(([from, { optionalDependencies }]) =>
      Object.keys(optionalDependencies).filter((name) => !placesOf(name, from).some((place) => place in packages)),
    );
    expect(missing).toEqual([]);
  },
);
