import { computeClusters } from '../../functions/clusters/clusters.ts';
import { computeDataPlane } from '../../functions/dataplane/dataplane.ts';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import type { Clock } from '../timing/clock.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { FunctionName, FunctionsClient } from './functions-client.ts';

/** Calls the functions in this process: plain calls, nothing is serialized. */
export function createInProcessFunctions(options: {
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: Pick<Metrics, 'functionCalls' | 'functionDuration'>;
}): FunctionsClient {
  const { clock, metrics } = options;
  const place = 'in-process';
  const sinceMs = clock.now();
  const names: readonly FunctionName[] = ['clusters', 'dataplane', 'endpoints'];
  const measured = async <T>(name: FunctionName, call: () => T): Promise<T> => {
    const stop = metrics.functionDuration.startTimer({ function: name, place });
    let result = 'error';
    try {
      const answer = call();
      result = 'ok';
      return answer;
    } finally {
      stop();
      metrics.functionCalls.inc({ function: name, result, place });
    }
  };
  return {
    computeEndpoints: (request) => measured('endpoints', () => computeEndpoints(request)),
    computeDataPlane: (request) => measured('dataplane', () => computeDataPlane(request)),
    computeClusters: (request) => measured('clusters', () => computeClusters(request)),
    status: () => names.map((name) => ({ function: name, place, sinceMs })),
    close: () => undefined,
  };
}
