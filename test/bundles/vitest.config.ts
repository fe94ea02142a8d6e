import { defineConfig } from 'vitest/config';

/** Suites of the programs as one file each: one after another, since their start is timed. */
export default defineConfig({
  test: {
    include: ['test/bundles/**/*.test.ts'],
    globalSetup: ['test/bundles/bundles-setup.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
