import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { offline } from './worker-bundle.ts';

/** How a document's commands are run: with this checkout's programs, and with ports that are free. */
export interface DocumentedServices extends AsyncDisposable {
  /** Runs commands that end by themselves. */
  run(commands: string): Promise<{ readonly code: number; readonly output: string }>;
  /** Starts commands that run until they are stopped, and waits for their health. */
  start(commands: string): Promise<void>;
}

/** How long a service has to answer, in milliseconds. */
const startMs = 60_000;

/** Creates the runner. Each port of the document, as `127.0.0.1:PORT`, is replaced by a free one. */
export async function createDocumentedServices(root: string): Promise<DocumentedServices> {
  const documentedPorts = [9000, 9001, 8787];
  const free = await freePorts(documentedPorts.length);
  const ports = new Map(documentedPorts.map((documented, index) => [documented, free[index] ?? 0]));
  const env = { ...process.env, ...offline, BIND_ADDRESS: '127.0.0.1' };
  const groups: number[] = [];

  const replacePorts = (commands: string) =>
    [...ports].reduce(
      (text, [documented, actual]) =>
        text.replaceAll(new RegExp(`(127\\.0\\.0\\.1:|--port )${documented}\\b`, 'g'), `$1${actual}`),
      commands,
    );
  const start = (commands: string, port: number | undefined) =>
    spawn('bash', ['-euo', 'pipefail', '-c', replacePorts(commands)], {
      cwd: root,
      env: port === undefined ? env : { ...env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own, so that what npm and npx start ends with it.
      detached: true,
    });

  return {
    async run(commands) {
      const child = start(commands, undefined);
      const chunks: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      const [code] = (await once(child, 'close')) as [number | null];
      return { code: code ?? 1, output: Buffer.concat(chunks).toString() };
    },
    async start(commands) {
      const port = ports.get(documentedPort(commands)) ?? 0;
      const child = start(commands, port);
      child.stdout.resume();
      groups.push(child.pid ?? 0);
      const isHealthy = async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok || undefined;
      await waitFor(commands, isHealthy, startMs);
    },
    async [Symbol.asyncDispose]() {
      groups.filter((pid) => pid > 0).forEach((pid) => process.kill(-pid, 'SIGTERM'));
      await Promise.resolve();
    },
  };
}

function documentedPort(commands: string): number {
  if (commands.includes('wrangler dev')) return 8787;
  return commands.includes('functions:gateway') ? 9001 : 9000;
}
