import { runFunctions } from '../serving/process/node.ts';
import { registerRoutes } from './handler.ts';

await runFunctions(registerRoutes);
