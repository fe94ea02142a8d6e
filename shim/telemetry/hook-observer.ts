import type { ExtensionObserver } from '../extension/observer.ts';
import type { Metrics } from './metrics.ts';

/** Counts the calls of Envoy Gateway's hooks. */
export function createHookObserver(metrics: Metrics): Partial<ExtensionObserver> {
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
