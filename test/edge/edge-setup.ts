import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestProject } from 'vitest/node';
import { buildWorkerBundle, workerNames } from './worker-bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder with the bundle of each Worker in a folder of its name. */
    workerBundles: string;
  }
}

/** Bundles all Workers once, as they would be deployed. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-workers-'));
  await Promise.all(workerNames.map((name) => buildWorkerBundle(name, folder)));
  project.provide('workerBundles', folder);
  return () => rm(folder, { recursive: true, force: true });
}
