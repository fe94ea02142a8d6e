import { runFunctions } from '../serving/process/node.ts';
import { anyTypes } from './any-types.ts';
import { registerDataPlane } from './handler.ts';

await runFunctions(registerDataPlane, anyTypes);
