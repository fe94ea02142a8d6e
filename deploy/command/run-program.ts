import type { CommandContext } from '../../shim/command/command-definition.ts';
import type { Command } from '../../shim/command/command.ts';
import { createStyle, wantsColours } from '../../shim/command/style.ts';

/** What a command of this process writes to. */
export function processContext(): CommandContext {
  const { stdout, stderr, env: environment } = process;
  for (const stream of [stdout, stderr]) stream.on('error', tellUnlessClosed);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    style: createStyle(wantsColours(stdout, environment)),
    environment,
  };
}

/** Who reads may have seen enough: `tailway status | head`. */
function tellUnlessClosed(err: Error): void {
  if (!('code' in err) || err.code !== 'EPIPE') throw err;
}

/** Runs one command as a program of its own, with all arguments of this process; its status becomes the process's. */
export async function runProgram(command: Command): Promise<void> {
  process.exitCode = await command.run(process.argv.slice(2), processContext());
}
