import { defineConfig } from 'vitest/config';

/** With Pulumi's own mocks: no account, no plugin. */
export default defineConfig({
  test: { root: import.meta.dirname, include: ['*.test.ts'], testTimeout: 60_000 },
});
