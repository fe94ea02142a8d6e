// `npm run demo`.
import { runProgram } from '../command/run-program.ts';
import { demo } from './demo.ts';

await runProgram(demo);
