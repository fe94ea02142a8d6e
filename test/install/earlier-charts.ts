import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chart } from './manifests.ts';

/** A chart that clusters have installed. */
export interface EarlierChart {
  readonly name: string;
  readonly path: string;
}

const releases = join(import.meta.dirname, 'releases');

/** The released charts, and one in `folder` that is older than this: without a template, and with CRDs that lack a field. */
export async function findEarlierCharts(folder: string): Promise<readonly EarlierChart[]> {
  const files = (await readdir(releases)).filter((file) => file.endsWith('.tgz')).toSorted();
  const older = join(folder, 'tailway');
  await cp(chart, older, { recursive: true });
  await rm(join(older, 'templates', 'poddisruptionbudget.yaml'));
  await replaceIn(join(older, 'Chart.yaml'), /^version: .*$/m, 'version: 0.0.1');
  const crds = join(older, 'files', 'crds');
  for (const file of await readdir(crds)) await replaceIn(join(crds, file), /^ +shortNames:\n( +- .*\n)+/m, '');
  return [
    ...files.map((file) => ({ name: file, path: join(releases, file) })),
    { name: 'one that is older than this', path: older },
  ];
}

async function replaceIn(path: string, what: RegExp, by: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!what.test(text)) throw new Error(`${path} has no ${what}`);
  await writeFile(path, text.replace(what, by));
}
