import { createRegistry } from '@bufbuild/protobuf';
import { type ConnectRouter } from '@connectrpc/connect';
import { anyTypes as clusterTypes } from './clusters/any-types.ts';
import { registerClusters } from './clusters/handler.ts';
import { anyTypes as dataPlaneTypes } from './dataplane/any-types.ts';
import { registerDataPlane } from './dataplane/handler.ts';
import { registerEndpoints } from './endpoints/handler.ts';
import { registerRoutes } from './routes/handler.ts';

/** The types that stand in an `Any` of some response. */
export const anyTypes = createRegistry(clusterTypes, dataPlaneTypes);

/** Serves all functions. */
export function registerFunctions(router: ConnectRouter): void {
  registerClusters(router);
  registerDataPlane(router);
  registerEndpoints(router);
  registerRoutes(router);
}
