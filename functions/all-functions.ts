import { type ConnectRouter } from '@connectrpc/connect';
import { registerClusters } from './clusters/handler.ts';
import { registerDataPlane } from './dataplane/handler.ts';
import { registerEndpoints } from './endpoints/handler.ts';
import { registerRoutes } from './routes/handler.ts';

/** Serves all functions. */
export function registerFunctions(router: ConnectRouter): void {
  registerClusters(router);
  registerDataPlane(router);
  registerEndpoints(router);
  registerRoutes(router);
}
