import { defineConfig } from 'vitest/config';

/** The demo on Kubernetes, as far as it goes without a tailnet: a real API server takes it, a real Envoy and the shim run it. */
export default defineConfig({
  test: {
    include: ['test/k8s-demo/**/*.test.ts'],
    globalSetup: ['test/k8s-demo/k8s-demo-setup.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
