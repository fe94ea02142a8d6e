// `npm run demo`: the whole of a weighted tailnet on one machine, without a cluster, a tailnet or an account.
import { join } from 'node:path';
import { styleText } from 'node:util';
import { orEnd, parseFlags } from './command-line.ts';
import { findEnvoy } from './envoy-binary.ts';
import { type Stage, createStage } from './stage.ts';
import { type Step, playStory } from './story.ts';

const usage = `Usage: npm run demo -- [--requests N] [--keep]
  --requests N   requests of each step (2000)
  --keep         leave it all running at the end, until Ctrl-C
`;

const options = {
  requests: { type: 'string', default: '2000' },
  keep: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;
const { values } = parseFlags({ options }, usage);
if (values.help === true || !/^[1-9]\d{1,6}$/.test(values.requests)) {
  process.stderr.write(usage);
  process.exit(values.help === true ? 0 : 2);
}

const print = (line = '') => process.stdout.write(`${line}\n`);
const binary = await orEnd(
  findEnvoy({
    environment: process.env,
    cacheDir: join(import.meta.dirname, '..', '..', '.cache'),
    onDownload: (what) => print(`Fetching ${what} …`),
  }),
);
const stage = await createStage(binary);
const interrupted = new Promise<void>((resolve) => {
  process.once('SIGINT', () => resolve());
  process.once('SIGTERM', () => resolve());
});

let good = true;
try {
  await Promise.race([play(stage), interrupted]);
  if (values.keep === true) {
    printPlaces(stage);
    await interrupted;
  }
} finally {
  await stage.close();
}
process.exit(good ? 0 : 1);

async function play(stage: Stage): Promise<void> {
  const hosts = stage.players.map(({ host }) => host);
  print('Two servers in west (tag:weight-1), two in east (tag:weight-2), one real Envoy beside them.');
  print('Each cell: the measured share, and behind it the predicted one.');
  print();
  print(
    row(
      '',
      hosts.map((host) => host.padStart(15)),
      '',
    ),
  );
  for await (const step of playStory(stage, Number(values.requests))) {
    good &&= step.good;
    print(stepRow(step, hosts));
  }
  print();
  print(
    good
      ? 'All shares are as predicted.'
      : styleText('red', 'Some shares are off the prediction by more than 4 points, or requests failed.'),
  );
}

function stepRow(step: Step, hosts: readonly string[]): string {
  const cells = hosts.map((host) => {
    const measured = step.measured.get(host) ?? 0;
    const predicted = step.predicted.get(host) ?? 0;
    if (measured === 0 && predicted === 0) return '–'.padStart(15);
    return `${percent(measured)} (${percent(predicted)})`.padStart(15);
  });
  const verdict = step.good ? styleText('green', 'as predicted') : styleText('red', `off, ${step.failed} failed`);
  return row(step.title, cells, verdict);
}

function row(title: string, cells: readonly string[], verdict: string): string {
  return `  ${title.padEnd(26)}${cells.join('')}   ${verdict}`.trimEnd();
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function printPlaces(stage: Stage): void {
  print();
  print(`  Envoy          ${stage.entry.href}   admin http://127.0.0.1:${stage.envoy.adminPort}`);
  print(`  control plane  xDS 127.0.0.1:${stage.shim.xdsPort}   http://127.0.0.1:${stage.shim.metricsPort}/metrics`);
  print(`  devices        ${stage.devicesFile}   (edit it: the weights follow)`);
  for (const { host, port, tag } of stage.players) print(`  ${host.padEnd(14)} http://127.0.0.1:${port}   ${tag}`);
  print();
  print(`  npm run client -- ${stage.entry.href} 50`);
  print('  Ctrl-C ends it all.');
}
