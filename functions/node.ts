import { registerDataPlane } from './dataplane/handler.ts';
import { registerEndpoints } from './endpoints/handler.ts';
import { runFunctions } from './serving/process/node.ts';

await runFunctions((router) => {
  registerDataPlane(router);
  registerEndpoints(router);
});
