import { defineConfig } from 'vitest/config';

/** Suites with a real API server and a real Envoy Gateway: one after another, since both are heavy and Envoy Gateway's ports are fixed. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/cluster-setup.ts'],
    fileParallelism: false,
    testTimeout: 400_000,
    hookTimeout: 400_000,
  },
});
