import { registerClusters } from './clusters/handler.ts';
import { registerDataPlane } from './dataplane/handler.ts';
import { registerEndpoints } from './endpoints/handler.ts';
import { registerRoutes } from './routes/handler.ts';
import { runFunctions } from './serving/process/node.ts';

await runFunctions((router) => {
  registerClusters(router);
  registerDataPlane(router);
  registerEndpoints(router);
  registerRoutes(router);
});
