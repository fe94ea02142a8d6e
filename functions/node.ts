import { anyTypes, registerFunctions } from './all-functions.ts';
import { runFunctions } from './serving/process/node.ts';

await runFunctions(registerFunctions, anyTypes);
