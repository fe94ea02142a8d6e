import { type RunningProcess, startProcess } from '../../deploy/demo/child-process.ts';

/** Starts a program that ends with this process, however this one ends. */
export function startBoundProcess(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningProcess> {
  return startProcess('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
  });
}
