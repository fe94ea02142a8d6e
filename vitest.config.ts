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
    testTimeout: 20_000,
  },
});
