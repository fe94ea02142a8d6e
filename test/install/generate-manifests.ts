// `npm run generate:manifests`: writes what is made of the chart, and what the chart has of others.
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildHelm } from './build-tools.ts';
import { createHelm } from './helm.ts';
import { buildManifests } from './manifests.ts';

const root = join(import.meta.dirname, '..', '..');
const binary = await buildHelm((what) => void process.stderr.write(`${what}\n`));
const helm = createHelm({ binary, folder: tmpdir() });

// The chart's own parts first: what is rendered is made of them.
for (const pass of ['chart', 'manifests']) {
  for (const [path, text] of await buildManifests(helm)) {
    if (pass === 'chart' && !path.startsWith('deploy/helm/')) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
