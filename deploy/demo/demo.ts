import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CommandContext } from '../../shim/command/command-definition.ts';
import { defineCommand } from '../../shim/command/command.ts';
import { CommandFailure, WrongCall } from '../../shim/command/command-error.ts';
import { findEnvoy } from './envoy-binary.ts';
import { orFailure } from './or-failure.ts';
import { type Stage, createStage } from './stage.ts';
import { type Step, playStory } from './story.ts';

/** `tailway demo`, `npm run demo`: the whole of a weighted tailnet on one machine, without a cluster, a tailnet or an account. */
export const demo = defineCommand({
  name: 'demo',
  summary: 'play a weighted tailnet on this machine, with a real Envoy',
  flags: {
    requests: { type: 'string', value: 'N', fallback: '2000', help: 'requests of each step' },
    keep: { type: 'boolean', help: 'leave it all running at the end, until Ctrl-C' },
  },
  examples: [
    { call: 'tailway demo', does: 'the whole story', needs: 'an Envoy' },
    { call: 'tailway demo --requests 500 --keep', does: 'a short one that stays, to play with', needs: 'an Envoy' },
  ],
  statuses: { 0: 'all shares were as predicted', 1: 'some were not, or something could not be started' },
  async run({ flags: { requests, keep }, ...context }) {
    if (!/^[1-9]\d{1,6}$/.test(requests)) {
      throw new WrongCall(`--requests: ${JSON.stringify(requests)} must be a whole number from 10 to 9999999`);
    }
    const interrupted = new Promise<'interrupted'>((resolve) => {
      process.once('SIGINT', () => resolve('interrupted'));
      process.once('SIGTERM', () => resolve('interrupted'));
    });
    const { out, environment } = context;
    const cacheDir = findCacheDir(environment);
    const onDownload = (what: string) => out(`Fetching ${what} …\n`);
    const stage = await orFailure(findEnvoy({ environment, cacheDir, onDownload }).then(createStage));
    try {
      const good = await Promise.race([play(stage, Number(requests), context), interrupted]);
      if (good !== 'interrupted' && keep) {
        printPlaces(stage, out);
        await interrupted;
      }
      return good === false ? 1 : 0;
    } catch (err) {
      throw new CommandFailure(err instanceof Error ? err.message : String(err), { cause: err });
    } finally {
      await stage.close();
    }
  },
});

/** In a checkout its own `.cache`; a bundle, which may be anywhere, takes the user's. */
function findCacheDir(environment: Readonly<NodeJS.ProcessEnv>): string {
  if (import.meta.filename.endsWith('.ts')) return join(import.meta.dirname, '..', '..', '.cache');
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tailway');
}

async function play(stage: Stage, requests: number, { out, style }: Pick<CommandContext, 'out' | 'style'>) {
  const hosts = stage.players.map(({ host }) => host);
  const titles = hosts.map((host) => host.padStart(15));
  out('Two servers in west (tag:weight-1), two in east (tag:weight-2), one real Envoy beside them.\n');
  out('Each cell: the measured share, and behind it the predicted one.\n');
  out(`\n${row('', titles, '')}\n`);
  let good = true;
  for await (const step of playStory(stage, requests)) {
    good &&= step.good;
    const verdict = step.good ? style.good('as predicted') : style.bad(`off, ${step.failed} failed`);
    out(`${row(step.title, stepCells(step, hosts), verdict)}\n`);
  }
  const bad = 'Some shares are off the prediction by more than 4 points, or requests failed.';
  out(`\n${good ? 'All shares are as predicted.' : style.bad(bad)}\n`);
  return good;
}

function stepCells(step: Step, hosts: readonly string[]): string[] {
  return hosts.map((host) => {
    const measured = step.measured.get(host) ?? 0;
    const predicted = step.predicted.get(host) ?? 0;
    if (measured === 0 && predicted === 0) return '–'.padStart(15);
    return `${percent(measured)} (${percent(predicted)})`.padStart(15);
  });
}

function row(title: string, cells: readonly string[], verdict: string): string {
  return `  ${title.padEnd(26)}${cells.join('')}   ${verdict}`.trimEnd();
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function printPlaces(stage: Stage, out: CommandContext['out']): void {
  const { entry, envoy, shim, devicesFile, players } = stage;
  const admin = `http://127.0.0.1:${shim.metricsPort}`;
  const places = [
    `  Envoy          ${entry.href}   admin http://127.0.0.1:${envoy.adminPort}`,
    `  control plane  xDS 127.0.0.1:${shim.xdsPort}   ${admin}/metrics`,
    `  devices        ${devicesFile}   (edit it: the weights follow)`,
    ...players.map(({ host, port, tag }) => `  ${host.padEnd(14)} http://127.0.0.1:${port}   ${tag}`),
    '',
    `  npm run client -- ${entry.href} 50`,
    `  npx tailway status --url ${admin}`,
    '  Ctrl-C ends it all.',
  ];
  out(`\n${places.join('\n')}\n`);
}
