import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const run = promisify(execFile);

/** The Workers: folders of `functions/` with a wrangler configuration. */
export const workerNames = ['gateway', 'clusters', 'dataplane', 'endpoints', 'routes'] as const;

/** A Worker as it would be deployed. */
export interface WorkerBundle {
  readonly name: string;
  /** Folder of `worker.js`. */
  readonly folder: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

const root = join(import.meta.dirname, '../..');

/** The local runtime and wrangler are to ask nobody on the internet. */
export const offline = { WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' };

/** The wrangler configuration of a Worker. */
export function workerConfig(name: string): string {
  return join(root, 'functions', name, 'wrangler.jsonc');
}

/** Bundles a Worker as `wrangler deploy` does, without deploying it. */
export async function buildWorkerBundle(name: string, parentFolder: string): Promise<WorkerBundle> {
  const folder = join(parentFolder, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await runWrangler(['deploy', '-c', workerConfig(name), '--dry-run', '--outdir', folder]);
  const file = join(folder, 'worker.js');
  const { size } = await stat(file);
  return { name, folder, bytes: size, gzipBytes: gzipSync(await readFile(file)).length };
}

/** Measures how long the local runtime takes to start a Worker, in milliseconds. */
export async function measureStartUp(name: string, parentFolder: string): Promise<number> {
  const [bundle, profile] = [join(parentFolder, `${name}.bundle`), join(parentFolder, `${name}.cpuprofile`)];
  const config = ['-c', workerConfig(name)];
  await runWrangler(['deploy', ...config, '--dry-run', '--outfile', bundle]);
  await runWrangler(['check', 'startup', ...config, '--worker', bundle, '--outfile', profile]);
  const { startTime, endTime } = JSON.parse(await readFile(profile, 'utf8')) as { startTime: number; endTime: number };
  return (endTime - startTime) / 1000;
}

async function runWrangler(args: readonly string[]): Promise<void> {
  const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
  await run(process.execPath, [wrangler, ...args], {
    cwd: root,
    env: { ...process.env, ...offline },
    timeout: 120_000,
  });
}
