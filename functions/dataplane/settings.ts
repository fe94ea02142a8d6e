import { type Duration, durationFromMs } from '@bufbuild/protobuf/wkt';
import { type ComputeDataPlaneRequest } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';

/** The settings with the demo's names and values where the request leaves them empty. */
export interface Settings extends Pick<
  ComputeDataPlaneRequest,
  'requestTimeout' | 'accessLog' | 'loadBalancing' | 'healthCheck' | 'outlierDetection' | 'retry'
> {
  readonly listenerName: string;
  readonly listenerAddress: string;
  readonly listenerPort: number;
  readonly routeName: string;
  readonly clusterName: string;
  readonly serviceName: string;
  readonly connectTimeout: Duration;
}

/** Fills in what a request leaves empty. */
export function applyDefaults(request: ComputeDataPlaneRequest): Settings {
  return {
    ...request,
    listenerName: request.listenerName || 'main-listener',
    listenerAddress: request.listenerAddress || '0.0.0.0',
    listenerPort: request.listenerPort || 10_000,
    routeName: request.routeName || 'local-route',
    clusterName: request.clusterName || 'envoy-cluster',
    serviceName: request.serviceName || 'eds_backend',
    connectTimeout: request.connectTimeout ?? durationFromMs(1000),
  };
}
