import { computeClusters } from '../functions/clusters/clusters.ts';
import { computeDataPlane } from '../functions/dataplane/dataplane.ts';
import { computeEndpoints } from '../functions/endpoints/endpoints.ts';
import type { ComputeClustersRequest, ComputeClustersResponse } from '../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type {
  ComputeDataPlaneRequest,
  ComputeDataPlaneResponse,
} from '../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import type {
  ComputeEndpointsRequest,
  ComputeEndpointsResponse,
} from '../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** The functions as the shim calls them, wherever they run. */
export interface FunctionsClient {
  computeEndpoints(request: ComputeEndpointsRequest): Promise<ComputeEndpointsResponse>;
  computeDataPlane(request: ComputeDataPlaneRequest): Promise<ComputeDataPlaneResponse>;
  computeClusters(request: ComputeClustersRequest): Promise<ComputeClustersResponse>;
}

/** Calls the functions in this process: plain calls, nothing is serialized. */
export function createInProcessFunctions(
  metrics: Pick<Metrics, 'functionCalls' | 'functionDuration'>,
): FunctionsClient {
  const place = 'in-process';
  const measured = async <T>(name: string, call: () => T): Promise<T> => {
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
  };
}
