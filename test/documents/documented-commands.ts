import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { projectFolder, readCodeBlocks, readDocuments } from './documents.ts';

/** How a document's commands are run: with this checkout's programs, files of the documents, and ports that are free. */
export interface DocumentedCommands extends AsyncDisposable {
  /** Runs commands that end by themselves. */
  run(commands: string): Promise<{ readonly code: number; readonly output: string }>;
  /** Runs commands that keep running until they say that they serve, and stops them. */
  runUntilServing(commands: string): Promise<void>;
}

/** Everything of a program that listens, on loopback and any port. */
const anyPorts = {
  BIND_ADDRESS: '127.0.0.1',
  TS_ENVOY_PORT: '0',
  GRPC_PORT: '0',
  HEALTH_PROBE_BIND_ADDRESS: '127.0.0.1:0',
  METRICS_BIND_ADDRESS: '127.0.0.1:0',
  TAILWAY_KUBERNETES: 'off',
};

/** Prepares a folder with what the documents' own YAML says, and all functions as a Node service. */
export async function createDocumentedCommands(): Promise<DocumentedCommands> {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-documents-'));
  await writeFile(join(folder, 'devices.yaml'), yamlOf('README.md', 'devices:'));
  await mkdir(join(folder, 'resources'));
  await writeFile(join(folder, 'resources/gateway.yaml'), yamlOf('docs/kubernetes.md', 'kind: Gateway\n'));
  const [functionsPort = 0] = await freePorts(1);
  const inPlace = (commands: string) =>
    commands
      .replaceAll(/(?<= )(devices\.yaml|resources|recordings)\b/g, (name) => join(folder, name))
      .replaceAll('127.0.0.1:9000', `127.0.0.1:${functionsPort}`);
  const functions = startGroup('npm run functions', { PORT: String(functionsPort) });
  await functions.says(/serving functions/);
  return {
    async run(commands) {
      const child = startGroup(inPlace(commands));
      return { code: await child.exited, output: child.output() };
    },
    async runUntilServing(commands) {
      const child = startGroup(inPlace(commands));
      await child.says(/"message":"listening"/);
      await child.stop();
    },
    async [Symbol.asyncDispose]() {
      await functions.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** The block of a document that holds a text. */
function yamlOf(path: string, content: string): string {
  const documents = readDocuments().filter((document) => document.path === path);
  const block = documents.flatMap(readCodeBlocks).find(({ text }) => text.includes(content));
  if (block === undefined) throw new Error(`${path} shows no YAML with ${content}`);
  return block.text;
}

/** Starts a group of processes, so that what npm and npx start ends with them. */
function startGroup(commands: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: projectFolder,
    env: { ...process.env, ...anyPorts, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const output = () => Buffer.concat(chunks).toString();
  const exited = once(child, 'close').then(([code]) => (code as number | null) ?? 1);
  return {
    output,
    exited,
    async says(text: RegExp) {
      const ended = exited.then((code) => {
        throw new Error(`${commands} ended with ${code}: ${output()}`);
      });
      await Promise.race([ended, waitFor(`${commands} to say ${text}`, () => text.test(output()) || undefined)]);
    },
    async stop() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await exited;
    },
  };
}
