// `npm run bundle`: the programs as one file each, in `dist/`.
import { join } from 'node:path';
import { buildBundles } from './build-bundles.ts';
import { bundles } from './bundles.ts';

const root = join(import.meta.dirname, '..', '..');
for (const { path, bytes } of await buildBundles(bundles, { root, outDir: join(root, 'dist') })) {
  process.stdout.write(`${path}  ${(bytes / 1024).toFixed(0)} KiB\n`);
}
