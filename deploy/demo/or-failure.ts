import { CommandFailure } from '../../shim/command/command-error.ts';

/** What a command cannot go on without: its failure is the command's, told in a line. */
export async function orFailure<T>(needed: Promise<T>): Promise<T> {
  try {
    return await needed;
  } catch (err) {
    throw new CommandFailure(err instanceof Error ? err.message : String(err), { cause: err });
  }
}
