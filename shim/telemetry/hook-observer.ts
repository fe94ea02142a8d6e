import { type ExtensionObserver, type HookResult, hookNames } from '../extension/observer.ts';
import type { Metrics } from './metrics.ts';

/** What people are told of. */
const failures: readonly HookResult[] = ['unsynced', 'rejected', 'failed', 'late'];

/** Counts the calls of Envoy Gateway's hooks. Failures count from 0, since an increase from nothing is none to Prometheus. */
export function createHookObserver(metrics: Metrics): Partial<ExtensionObserver> {
  for (const hook of hookNames) {
    metrics.hookPanics.inc({ hook }, 0);
    for (const result of failures) metrics.hookCalls.inc({ hook, result, cached: 'false' }, 0);
  }
  return {
    called({ hook, result, cached, ms, requestBytes, responseBytes }) {
      metrics.hookCalls.inc({ hook, result, cached: String(cached) });
      metrics.hookDuration.observe({ hook }, ms / 1000);
      metrics.hookBytes.observe({ hook, direction: 'request' }, requestBytes);
      metrics.hookBytes.observe({ hook, direction: 'response' }, responseBytes);
    },
    leftOut: (hook) => metrics.hookPanics.inc({ hook }),
  };
}
