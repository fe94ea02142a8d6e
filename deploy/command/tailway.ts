#!/usr/bin/env node
// The command `tailway`.
import { dispatch } from '../../shim/command/dispatch.ts';
import { version } from '../../shim/version.ts';
import { commands } from './commands.ts';
import { processContext } from './run-program.ts';

const args = process.argv.slice(2);
process.exitCode = await dispatch(commands, args, { ...processContext(), version });
// Whoever still holds the process up, such as a kubeconfig's login command that hangs, has had its time. The shim goes on.
if (args[0] !== 'serve') process.stdout.write('', () => process.exit());
