import { defineConfig } from 'vitest/config';

/** What is installed, by helm and into a real API server: one after another, since these are heavy and Envoy Gateway's ports are fixed. */
export default defineConfig({
  test: {
    include: ['test/install/**/*.test.ts'],
    globalSetup: ['test/install/install-setup.ts'],
    fileParallelism: false,
    testTimeout: 400_000,
    hookTimeout: 400_000,
  },
});
