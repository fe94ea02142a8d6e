import { defineConfig } from 'vitest/config';

/** Suites with a real Envoy: one after another, since each runs several processes. */
export default defineConfig({
  test: {
    include: ['test/envoy/**/*.test.ts'],
    globalSetup: ['test/envoy/envoy-setup.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
