import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { startFlags } from './start-flags.ts';

/** The servers that are compared. */
export const serverNames = ['tailway', 'snapshot', 'linear'] as const;

/** One of {@link serverNames}. */
export type ServerName = (typeof serverNames)[number];

/** A server that runs. */
export interface RunningServer {
  readonly pid: number;
  readonly xds: string;
  readonly control: string;
  stop(): Promise<void>;
}

const binFolder = fileURLToPath(new URL('../../node_modules/.cache/tailway/bench/', import.meta.url));
const goFolder = fileURLToPath(new URL('go/', import.meta.url));
const tailwayServer = fileURLToPath(new URL('tailway-server.ts', import.meta.url));
const isPinned = availableParallelism() > 1 && isCommand('taskset');

/** Builds go-control-plane's servers and the load client. Throws when there is no Go. */
export function buildGo(): void {
  if (!isCommand('go')) throw new Error('the benchmark needs Go (1.26 or newer) for what Tailway is compared with');
  execFileSync('go', ['build', '-o', binFolder, './...'], { cwd: goFolder, stdio: 'inherit' });
}

/** The most open files that a process may have. */
export function maxOpenFiles(): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Infinity : Number(limit);
}

/** Starts a server on a free port, on the first core. */
export async function startServer(
  name: ServerName,
  signal: AbortSignal,
  profile: string | undefined,
): Promise<RunningServer> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const command =
    name === 'tailway'
      ? [process.execPath, ...startFlags(), ...profiling, tailwayServer]
      : [`${binFolder}xdsserver`, '-cache', name];
  const child = start(command, 0, signal);
  const { xds, control } = JSON.parse(await firstLine(child, name)) as { xds: string; control: string };
  return {
    pid: child.pid ?? 0,
    xds,
    control,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Runs the load client to its end on the second core, and returns what it printed. */
export async function runLoad(args: readonly string[], signal: AbortSignal): Promise<string> {
  const child = start([`${binFolder}xdsload`, ...args], 1, signal);
  const exited = once(child, 'exit');
  const [output, [code]] = await Promise.all([text(child.stdout), exited]);
  if (code !== 0) throw new Error(`the load client ended with ${code}`);
  return output;
}

type Child = ChildProcessByStdio<null, Readable, null>;

/** `exec` all the way, so that the child's pid is the command's own. */
function start(command: readonly string[], core: number, signal: AbortSignal): Child {
  const pinned = isPinned ? ['taskset', '-c', String(core), ...command] : command;
  const child = spawn('sh', ['-c', 'ulimit -n "$(ulimit -Hn)"; exec "$@"', 'sh', ...pinned], {
    env: { ...process.env, GOMAXPROCS: '1', NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
    killSignal: 'SIGKILL',
  });
  // Only an abort comes here: whoever waits for the child sees it end.
  child.on('error', () => {});
  return child;
}

async function firstLine(child: Child, name: ServerName): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error(`the ${name} server did not start`);
}

function isCommand(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
