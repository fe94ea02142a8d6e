// `npm run client -- URL N`.
import { runProgram } from '../command/run-program.ts';
import { client } from './client-command.ts';

await runProgram(client);
