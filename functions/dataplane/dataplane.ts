import { create } from '@bufbuild/protobuf';
import {
  type ComputeDataPlaneRequest,
  type ComputeDataPlaneResponse,
  ComputeDataPlaneResponseSchema,
} from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { buildCluster } from './cluster.ts';
import { buildApiListener, buildListener } from './listener.ts';
import { buildRoute } from './route.ts';
import { applyDefaults } from './settings.ts';

/**
 * Computes the resources of the Envoys beside the servers: listener to route to cluster, whose
 * endpoints the endpoints function computes. Total; what makes settings invalid is the handler's to say.
 */
export function computeDataPlane(request: ComputeDataPlaneRequest): ComputeDataPlaneResponse {
  const settings = applyDefaults(request);
  return create(ComputeDataPlaneResponseSchema, {
    listener: buildListener(settings),
    apiListener: buildApiListener(settings),
    route: buildRoute(settings),
    cluster: buildCluster(settings),
  });
}
