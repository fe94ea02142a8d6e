import { inject } from 'vitest';
import { type RunningEdge } from './running-edge.ts';
import { runWorkers } from './workerd.ts';

/** Runs the Workers that the suite has bundled, the gateway in front of the others. */
export function runWorkerEdge(token: string | undefined): Promise<RunningEdge> {
  return runWorkers(inject('workerBundles'), token);
}
