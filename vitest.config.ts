import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'functions/**/*.test.ts',
      'shim/**/*.test.ts',
      'deploy/**/*.test.ts',
      'test/conformance/**/*.test.ts',
      'test/documents/**/*.test.ts',
      'test/feature/**/*.test.ts',
    ],
    // Its packages are its own: npm run test:infra.
    exclude: ['**/node_modules/**', 'deploy/infra/**'],
    // Limits for machines that are many times slower; nothing waits for them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
