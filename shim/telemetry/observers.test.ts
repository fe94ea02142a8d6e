import { expect, test } from 'vitest';
import { createHookObserver } from './hook-observer.ts';
import { createMetrics } from './metrics.ts';
import { createXdsObserver } from './xds-observer.ts';

test.each([
  'tailway_xds_nacks_total{type="endpoint"} 0',
  'tailway_hook_calls_total{hook="PostTranslateModify",result="failed",cached="false"} 0',
  'tailway_hook_left_out_total{hook="PostVirtualHostModify"} 0',
])('what alerts look at is there before it happens: %s', async (line) => {
  const metrics = createMetrics({ version: 'test' });
  createHookObserver(metrics);
  createXdsObserver(metrics, () => undefined);
  expect((await metrics.registry.metrics()).split('\n')).toContain(line);
});
