import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { startFlags } from './start-flags.ts';

/** The servers that are compared. */
export type ServerName = 'tailway' | 'go';

/** What one run measured, as hooks-go/hooksload prints it. */
export interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the server for one call. */
  readonly cpuMs: number;
  /** Of the largest request. */
  readonly messageBytes: number;
  /** The server's peak of resident memory, beyond what it had before. */
  readonly grownBytes: number;
}

const binFolder = fileURLToPath(new URL('../../node_modules/.cache/tailway/bench-hooks/', import.meta.url));
const goFolder = fileURLToPath(new URL('hooks-go/', import.meta.url));
const tailwayServer = fileURLToPath(new URL('hooks-server.ts', import.meta.url));

/** Builds the server in Go, and the load client. */
export function buildServers(): void {
  execFileSync('go', ['build', '-o', binFolder, './...'], { cwd: goFolder, stdio: 'inherit' });
}

/** Runs the load client against a fresh server: the server on the first core, the client on the second. */
export async function measure(name: ServerName, flags: Readonly<Record<string, string | number>>): Promise<Figures> {
  const endpoints = String(flags['endpoints']);
  const command =
    name === 'tailway'
      ? [process.execPath, ...startFlags(), tailwayServer, endpoints]
      : [`${binFolder}hooksserver`, '-endpoints', endpoints];
  const server = start(command, 0);
  try {
    const { target } = JSON.parse(await firstLine(server.stdout)) as { target: string };
    const all = Object.entries({ ...flags, target, pid: server.pid ?? 0 });
    const client = start([`${binFolder}hooksload`, ...all.flatMap(([flag, value]) => [`-${flag}`, String(value)])], 1);
    const [output, [code]] = await Promise.all([text(client.stdout), once(client, 'exit')]);
    if (code !== 0) throw new Error(`the load client ended with ${code} against ${name}`);
    return JSON.parse(output) as Figures;
  } finally {
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    await exited;
  }
}

/** The median of each figure. */
export function median(runs: readonly Figures[]): Figures {
  const of = (figure: keyof Figures) => {
    const sorted = runs.map((run) => run[figure]).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  return {
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    cpuMs: of('cpuMs'),
    messageBytes: of('messageBytes'),
    grownBytes: of('grownBytes'),
  };
}

function start(command: readonly string[], core: number) {
  const pinned = availableParallelism() > 1 ? ['taskset', '-c', String(core), ...command] : [...command];
  const [program = '', ...args] = pinned;
  return spawn(program, args, {
    env: { ...process.env, GOMAXPROCS: '1', NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function firstLine(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) return line;
  throw new Error('the server did not start');
}
