import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWorkerBundle, measureStartUp, type WorkerBundle, workerNames } from './worker-bundle.ts';

/** The largest Worker of the free plan, compressed: https://developers.cloudflare.com/workers/platform/limits/#worker-size */
const maxGzipBytes = 3 * 1024 * 1024;

// Prints what each Worker weighs and how long it takes to start, and fails for one that Cloudflare would refuse.
const folder = await mkdtemp(join(tmpdir(), 'tailway-workers-'));
try {
  const tooLarge: WorkerBundle[] = [];
  for (const name of workerNames) {
    const bundle = await buildWorkerBundle(name, folder);
    const startUp = await measureStartUp(name, folder);
    const sizes = `${toKib(bundle.bytes)} KiB, ${toKib(bundle.gzipBytes)} KiB gzipped`;
    process.stdout.write(`${name.padEnd(12)} ${sizes}, start-up ${startUp.toFixed(0)} ms\n`);
    if (bundle.gzipBytes > maxGzipBytes) {
      tooLarge.push(bundle);
    }
  }
  for (const { name, gzipBytes } of tooLarge) {
    process.stderr.write(
      `${name}: ${toKib(gzipBytes)} KiB gzipped are more than the ${toKib(maxGzipBytes)} KiB allowed\n`,
    );
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function toKib(bytes: number): string {
  return (bytes / 1024).toFixed(0).padStart(4);
}
