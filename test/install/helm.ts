import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from '../cluster/kubectl.ts';

const run = promisify(execFile);

/** The command `helm`, as its users call it. */
export interface Helm {
  /** What it has written; rejects with its words when it fails. */
  (...args: readonly string[]): Promise<string>;
}

/** Runs `binary`; what it keeps between calls goes to `folder`, and `kubeconfig` says which cluster it is about. */
export function createHelm(options: {
  readonly binary: string;
  readonly folder: string;
  readonly kubeconfig?: string;
}): Helm {
  const { binary, folder, kubeconfig = '/dev/null' } = options;
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig };
  return async (...args) => {
    try {
      const { stdout } = await run(binary, args, { env, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 });
      return stdout;
    } catch (cause) {
      const words = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
      throw new Error(`helm ${args[0]}: ${words}`, { cause });
    }
  };
}

/** The documents that helm has rendered. */
export function parseRendered(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.join('\n'));
    const manifest = document.toJS() as Manifest | null;
    return manifest === null ? [] : [manifest];
  });
}
