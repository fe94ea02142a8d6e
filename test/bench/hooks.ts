import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

import { formatLarge, formatScenario, legend } from './hooks-report.ts';
import { buildServers, type Figures, measure, median, type ServerName } from './hooks-servers.ts';

// `node test/bench/hooks.ts`: Tailway's extension server beside one in Go that decodes and encodes with the official types.

const { values } = parseArgs({
  options: {
    /** Figures are medians of so many runs of each server, in turn. */
    rounds: { type: 'string', default: '5' },
    /** Services that are injected. */
    endpoints: { type: 'string', default: '10' },
    /** Clusters of the very large translations, of about 730 bytes each; empty: none. */
    large: { type: 'string', default: '178000,356000,712000,1420000' },
    /** Exit with 1 when a target is missed. */
    strict: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const endpoints = Number(values.endpoints);
const large = values.large.split(',').filter(Boolean).map(Number);

const scenarios = [
  {
    title: 'PostTranslateModify, 5,000 clusters and 200 secrets',
    flags: { scenario: 'translate', clusters: 5000, secrets: 200, calls: 10, warmup: 10 },
    targets: { p50Ms: 0.25, cpuMs: 0.25 },
  },
  {
    title: 'PostVirtualHostModify, 2,000 one after another, of 20 routes each',
    flags: { scenario: 'virtualhosts', routes: 20, calls: 2000, warmup: 4000 },
    targets: { p50Ms: 1, p99Ms: 1.5 },
  },
] as const;

buildServers();
let missed = 0;
for (const { title, flags, targets } of scenarios) {
  const runs: Record<ServerName, Figures[]> = { tailway: [], go: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? (['tailway', 'go'] as const) : (['go', 'tailway'] as const)) {
      runs[name].push(await measure(name, { ...flags, endpoints, seed: round }));
    }
  }
  const { text, missed: missedHere } = formatScenario(title, median(runs.tailway), median(runs.go), targets);
  missed += missedHere;
  process.stdout.write(text);
}

const sizes: Figures[] = [];
for (const clusters of large) {
  sizes.push(
    await measure('tailway', { scenario: 'translate', clusters, secrets: 200, calls: 1, warmup: 0, endpoints }),
  );
}
const report = formatLarge(sizes);
process.stdout.write(report.text);
process.stdout.write(legend(execFileSync('uname', ['-sr'], { encoding: 'utf8' }).trim()));
process.exitCode = values.strict && missed + report.missed > 0 ? 1 : 0;
