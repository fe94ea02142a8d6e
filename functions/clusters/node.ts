import { runFunctions } from '../serving/process/node.ts';
import { anyTypes } from './any-types.ts';
import { registerClusters } from './handler.ts';

await runFunctions(registerClusters, anyTypes);
