import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A package that a bundle holds code of. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json says, an SPDX expression. */
  readonly license: string;
  /** The whole text, and that of its notice; empty where it ships none. */
  readonly text: string;
}

/** The packages that `inputs`, paths of files from `root`, belong to, in the order of their names. Rejects for one without a licence. */
export async function findBundledPackages(root: string, inputs: Iterable<string>): Promise<BundledPackage[]> {
  const folders = new Set<string>();
  for (const input of inputs) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  const packages = await Promise.all([...folders].toSorted().map((folder) => readPackage(join(root, folder))));
  const byName = new Map(packages.map((found) => [`${found.name}@${found.version}`, found]));
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function readPackage(folder: string): Promise<BundledPackage> {
  // A package.json of npm has these.
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  if (license === undefined)
    throw new Error(`${folder}/package.json names no licence: look for it before it is shipped`);
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return { name, version, license, text: texts.map((text) => text.trim()).join('\n\n') };
}

/** A file with every package's name, version and licence, and the licences' texts. */
export function formatLicenses(packages: readonly BundledPackage[]): string {
  const chapters = packages.map(
    ({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text === '' ? '' : `${text}\n\n`}`,
  );
  return `The programs beside this file hold code of these packages.\n\n${chapters.join(`${'-'.repeat(80)}\n\n`)}`;
}
