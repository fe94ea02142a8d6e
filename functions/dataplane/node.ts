import { runFunctions } from '../serving/process/node.ts';
import { registerDataPlane } from './handler.ts';

await runFunctions(registerDataPlane);
