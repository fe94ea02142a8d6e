import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findEnvoy } from '../../deploy/demo/envoy-binary.ts';
import { buildBundles } from '../../deploy/image/build-bundles.ts';
import { bundles } from '../../deploy/image/bundles.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the bundles, far from any `node_modules`. */
    bundles: string;
    /** Path of the Envoy that the demo runs. */
    envoyBinary: string;
  }
}

/** Builds all bundles before the first test, and tells their sizes. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-bundles-'));
  const root = join(import.meta.dirname, '..', '..');
  for (const { name, bytes } of await buildBundles(bundles, { root, outDir: folder })) {
    process.stdout.write(`${name}.mjs: ${(bytes / 1024).toFixed(0)} KiB\n`);
  }
  project.provide('bundles', folder);
  project.provide('envoyBinary', await findEnvoy({ environment: process.env, cacheDir: join(root, '.cache') }));
  return () => rm(folder, { recursive: true, force: true });
}
