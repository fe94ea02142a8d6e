import { runFunctions } from '../serving/process/node.ts';
import { registerClusters } from './handler.ts';

await runFunctions(registerClusters);
