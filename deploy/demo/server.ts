// `npm run server`.
import { runProgram } from '../command/run-program.ts';
import { server } from './server-command.ts';

await runProgram(server);
