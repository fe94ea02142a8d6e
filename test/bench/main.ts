import { mkdirSync, writeFileSync } from 'node:fs';

import { compare, type Comparison, type Workload } from './measure.ts';
import { parseOptions, usage, type BenchOptions } from './options.ts';
import { buildGo, maxOpenFiles } from './processes.ts';
import { formatComparison, legend } from './report.ts';
import { judge } from './targets.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
try {
  process.exitCode = await main(readOptions());
} catch (err) {
  // Interrupted: what was started ends with the signal, and there is nothing to tell.
  if (!stop.signal.aborted) process.stderr.write(`${err instanceof Error ? err.message : String(err)}\n`);
  process.exitCode = stop.signal.aborted ? 130 : 2;
}

function readOptions(): BenchOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (err) {
    throw new Error(`${err instanceof Error ? err.message : String(err)}\n\n${usage}`, { cause: err });
  }
}

async function main(options: BenchOptions): Promise<number> {
  const workloads = workloadsOf(options);
  checkOpenFiles(workloads);
  buildGo();
  if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true });

  const results: (Workload & { figures: Comparison })[] = [];
  let missed = 0;
  for (const workload of workloads) {
    const figures = await compare(workload, { ...options, signal: stop.signal, progress });
    progress('');
    process.stdout.write(`${formatComparison(workload, figures)}\n`);
    results.push({ ...workload, figures });
    missed += judge(workload, figures).filter(({ met }) => !met).length;
  }
  process.stdout.write(legend);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  return options.strict && missed > 0 ? 1 : 0;
}

function workloadsOf({ streams, fanoutOnly }: BenchOptions): readonly Workload[] {
  const fanouts = streams.map((count) => ({
    scenario: 'fanout' as const,
    title: `${count.toLocaleString('en')} ADS streams, a connection each; their load assignment of 100 endpoints changes`,
    streams: count,
    connections: count,
  }));
  if (fanoutOnly) return fanouts;
  return [
    ...fanouts,
    {
      scenario: 'names',
      title: '50 ADS streams that name 1,000 load assignments; one of them changes',
      streams: 50,
      connections: 50,
    },
    {
      scenario: 'gateways',
      title: '50 connections with 200 incremental EDS streams each; one of 200 load assignments changes',
      streams: 10_000,
      connections: 50,
    },
  ];
}

function checkOpenFiles(workloads: readonly Workload[]): void {
  const needed = Math.max(...workloads.map(({ connections }) => connections)) + 200;
  const limit = maxOpenFiles();
  if (limit >= needed) return;
  throw new Error(
    `${needed} open files are needed, but the hard limit is ${limit}: raise it (ulimit -Hn), or use fewer --streams`,
  );
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
