import { runFunctions } from '../serving/process/node.ts';
import { registerEndpoints } from './handler.ts';

await runFunctions(registerEndpoints);
