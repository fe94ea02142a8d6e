#!/usr/bin/env node
// The command `tailway`.
import { dispatch } from '../../shim/command/dispatch.ts';
import { version } from '../../shim/version.ts';
import { commands } from './commands.ts';
import { processContext } from './run-program.ts';

process.exitCode = await dispatch(commands, process.argv.slice(2), { ...processContext(), version });
