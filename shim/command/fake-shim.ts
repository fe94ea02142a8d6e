import { type HttpPages, listenHttpEndpoints } from '../probes/http-endpoints.ts';
import type { Command } from './command.ts';
import { createStyle } from './style.ts';

/** What a command wrote, and its exit status. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command as a test does: without colours, and with no other environment than `environment`. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await command.run(args, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    style: createStyle(false),
    environment,
  });
  return { code, out: out.join(''), err: err.join('') };
}

/** Runs a command beside an HTTP server with the pages of a shim, whose address is its default URL. */
export async function runWithPage(command: Command, args: readonly string[], pages: HttpPages): Promise<CommandResult> {
  const server = await listenHttpEndpoints({ host: '127.0.0.1', port: 0 }, pages);
  try {
    return await runCommand(command, args, { TAILWAY_URL: `http://127.0.0.1:${server.port}` });
  } finally {
    await server.close();
  }
}
