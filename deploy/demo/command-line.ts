import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Reads a program's flags; a wrong one ends it with status 2, what is wrong, and how it is used. */
export function parseFlags<T extends ParseArgsConfig>(config: T, usage: string): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (err) {
    process.stderr.write(`${messageOf(err)}\n${usage}`);
    return process.exit(2);
  }
}

/** What a program can't go on without: its failure ends it with status 1 and the reason. */
export async function orEnd<T>(needed: Promise<T>): Promise<T> {
  try {
    return await needed;
  } catch (err) {
    process.stderr.write(`${messageOf(err)}\n`);
    return process.exit(1);
  }
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
