import { join } from 'node:path';
import { inject } from 'vitest';
import { type RunningProcess, startProcess } from '../../deploy/demo/child-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';

/** A bundle that runs. */
export interface BundledProgram extends RunningProcess, AsyncDisposable {
  /** What `pattern` finds in its output, once it does. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

/**
 * Starts a bundle as its users do, with no environment but `env`, in the bundles' folder. Where `started` is given, waits for it
 * in the output and tells how long that took.
 */
export async function startBundle(
  name: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly started?: RegExp } = {},
): Promise<BundledProgram> {
  const folder = inject('bundles');
  const begin = performance.now();
  const child = await startProcess(process.execPath, [join(folder, `${name}.mjs`), ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...options.env },
  });
  const said = (pattern: RegExp) =>
    waitFor(`${name} to say ${pattern.source}`, () => {
      const found = pattern.exec(child.lines.join('\n'));
      if (found === null && child.exitCode() !== undefined) throw new Error(`it ended: ${child.lines.join('\n')}`);
      return found ?? undefined;
    });
  if (options.started !== undefined) {
    await said(options.started);
    process.stdout.write(`${name}.mjs ${args[0] ?? ''}: starts in ${(performance.now() - begin).toFixed(0)} ms\n`);
  }
  return {
    ...child,
    said,
    async [Symbol.asyncDispose]() {
      if (child.exitCode() === undefined) await child.stop('SIGKILL');
    },
  };
}

/** Runs a bundle to its end. */
export async function runBundle(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly output: string }> {
  await using child = await startBundle(name, args, { env });
  await waitFor('the end', () => child.exitCode(), 50_000);
  return { code: await child.stop(), output: child.lines.join('\n') };
}
