import type {
  ComputeBackendClusterRequest,
  ComputeBackendClusterResponse,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type {
  ComputeRouteOverlayRequest,
  ComputeRouteOverlayResponse,
  ComputeRoutesRequest,
  VirtualHost,
  VirtualHostResult,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';

/** The decisions that hooks ask for; pure, in process, and never remote: Envoy Gateway waits for the answer. */
export interface HookFunctions {
  /** Routes for one virtual host after another: what does not depend on them is computed once. */
  prepareRoutes(
    request: Pick<ComputeRoutesRequest, 'endpoints' | 'policies' | 'allowTargets'>,
  ): (virtualHost: VirtualHost) => VirtualHostResult;
  computeRouteOverlay(request: ComputeRouteOverlayRequest): ComputeRouteOverlayResponse;
  computeBackendCluster(request: ComputeBackendClusterRequest): ComputeBackendClusterResponse;
}

/** Reads the Kubernetes objects that Envoy Gateway hands over as JSON. They may be of any kind. */
export interface ResourceParsers {
  /** The endpoints of a TailscaleEndpoints; none of another kind. */
  parseEndpoints(json: Uint8Array): readonly ServiceEndpoint[];
  /** A TailscaleRoutePolicy; undefined for another kind and for one that is refused. */
  parsePolicy(json: Uint8Array): RoutePolicy | undefined;
}
