#!/usr/bin/env node
// The command `tailway`.
import { explain } from './explain.ts';

const usage = `Usage: tailway COMMAND

  tailway serve [--flag VALUE …]   run the shim; --help tells its settings
  tailway explain                  what a running shim has injected into gateways, what not, and why
`;

const [command = 'help', ...args] = process.argv.slice(2);
switch (command) {
  case 'serve':
    process.argv.splice(2, 1);
    await import('../main.ts');
    break;
  case 'explain':
    process.exitCode = await explain(args, (text) => process.stdout.write(text));
    break;
  case 'help':
  case '--help':
    process.stdout.write(usage);
    break;
  default:
    process.stderr.write(`${command}: there is no such command\n\n${usage}`);
    process.exitCode = 2;
}
