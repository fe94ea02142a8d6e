import type {
  ComputeClustersRequest,
  ComputeClustersResponse,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type {
  ComputeDataPlaneRequest,
  ComputeDataPlaneResponse,
} from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import type {
  ComputeEndpointsRequest,
  ComputeEndpointsResponse,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/**
 * The functions as the shim calls them, wherever they run. No call is ever made while a hook or an xDS stream waits.
 * A call that has no answer rejects with a `ConnectError`; who calls keeps the last good answer, and asks again later.
 */
export interface FunctionsClient {
  computeEndpoints(request: ComputeEndpointsRequest): Promise<ComputeEndpointsResponse>;
  computeDataPlane(request: ComputeDataPlaneRequest): Promise<ComputeDataPlaneResponse>;
  computeClusters(request: ComputeClustersRequest): Promise<ComputeClustersResponse>;
  /** Where each function runs, ordered by name. */
  status(): readonly FunctionStatus[];
  /** Ends what still runs, and asks nobody any more. */
  close(): void;
}

/** The functions that the shim calls, as metrics, logs and the status name them. */
export type FunctionName = 'clusters' | 'dataplane' | 'endpoints';

/** Where a call ran: here because that is what is configured, elsewhere, or here because elsewhere failed. */
export type Place = 'in-process' | 'remote' | 'fallback';

/** Where a function runs. */
export interface FunctionStatus {
  readonly function: FunctionName;
  /** Where its last call ran; before the first call, where it is to run. */
  readonly place: Place;
  /** Since when its calls ran there, milliseconds since 1970. */
  readonly sinceMs: number;
  /** The origin that answered last, or that is asked first; absent: it is configured to run in this process. */
  readonly url?: string;
  /** Whether that origin is asked: `open` after failures in a row, `half-open` while a probe tries it. */
  readonly circuit?: CircuitState;
  /** A sentence about the last failure since a remote answer was good, without any secret. */
  readonly lastError?: string;
}

/** `closed`: calls pass. `open`: none does. `half-open`: a probe is on its way. */
export type CircuitState = 'closed' | 'open' | 'half-open';
