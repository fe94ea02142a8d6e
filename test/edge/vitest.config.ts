import { defineConfig } from 'vitest/config';

/** The edge as it would be deployed: bundled Workers in workerd, Node services, and what the documentation shows. */
export default defineConfig({
  test: {
    include: ['test/edge/**/*.test.ts'],
    globalSetup: ['test/edge/edge-setup.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
