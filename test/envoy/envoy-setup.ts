import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findEnvoy } from '../../deploy/demo/envoy-binary.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the Envoy that the tests run. */
    envoyBinary: string;
  }
}

/** Finds Envoy, or fetches it once, before the first test. */
export async function setup(project: TestProject): Promise<void> {
  const cacheDir = join(import.meta.dirname, '..', '..', '.cache');
  project.provide('envoyBinary', await findEnvoy({ environment: process.env, cacheDir }));
}
