import { predictShares } from './prediction.ts';
import { type Shares, measureShares } from './shares.ts';
import type { Player, Stage } from './stage.ts';
import { waitFor } from './wait-for.ts';

/** One step of the demo's story: what was done, and who answered. */
export interface Step {
  readonly title: string;
  /** Share of each host, 0 to 1. */
  readonly predicted: ReadonlyMap<string, number>;
  readonly measured: ReadonlyMap<string, number>;
  readonly failed: number;
  /** Whether each measured share is within the tolerance and nothing failed. */
  readonly good: boolean;
}

/** How far a measured share may be off, 0 to 1. */
const tolerance = 0.04;

/**
 * Envoy collects changes of health and weight for a second (`common_lb_config.update_merge_window`): its admin interface tells of
 * them earlier than requests follow. So many requests show whether they do; and so long they may take, in milliseconds.
 */
const follow = { requests: 200, withinMs: 10_000 };

/** The cluster of the sidecars, by its default name. */
const cluster = 'envoy-cluster';

/** Plays the story of the demo on a stage, step by step, with `requests` requests each. */
export async function* playStory(stage: Stage, requests: number): AsyncGenerator<Step> {
  const west = stage.players.filter(({ locality }) => locality === 'west');
  const [first] = west;
  if (first === undefined) throw new Error('the stage has no server in west');
  const direct = new URL(`http://127.0.0.1:${first.port}`);

  yield step(`Direct to ${first.host}`, new Map([[first.host, 1]]), await measureShares(direct, requests));

  await stage.join(west);
  yield await throughEnvoy(stage, 'Through Envoy: west alone', west, new Set(), requests);

  await stage.join(stage.players);
  yield await throughEnvoy(stage, 'East joins with weight 2', stage.players, new Set(), requests);

  await fetch(new URL('/unhealthy', direct));
  yield await throughEnvoy(stage, `${first.host} turns unhealthy`, stage.players, new Set([first.host]), requests);

  await fetch(new URL('/healthy', direct));
  yield await throughEnvoy(stage, `${first.host} is back`, stage.players, new Set(), requests);
}

async function throughEnvoy(
  stage: Stage,
  title: string,
  present: readonly Player[],
  unhealthy: ReadonlySet<string>,
  requests: number,
): Promise<Step> {
  await waitFor(`Envoy to see: ${title}`, async () => {
    const hosts = await stage.envoy.hosts(cluster);
    const settled = present.every(({ host, port }) => hosts.get(`127.0.0.1:${port}`)?.healthy === !unhealthy.has(host));
    return settled && hosts.size === present.length ? true : undefined;
  });
  await waitFor('Envoy to listen', () => fetch(stage.entry));
  const measure = async (count: number) =>
    step(title, predictShares(present, unhealthy), await measureShares(stage.entry, count));
  const follows = async () => (await measure(follow.requests)).good || undefined;
  // Where they never do, the measurement says so.
  await waitFor(`requests to follow: ${title}`, follows, follow.withinMs).catch(() => undefined);
  return measure(requests);
}

function step(title: string, predicted: ReadonlyMap<string, number>, { answers, failed }: Shares): Step {
  const total = [...answers.values()].reduce((sum, n) => sum + n, 0);
  const measured = new Map([...answers].map(([answer, n]) => [hostOf(answer), n / total]));
  const hosts = new Set([...predicted.keys(), ...measured.keys()]);
  const off = [...hosts].filter((host) => Math.abs((predicted.get(host) ?? 0) - (measured.get(host) ?? 0)) > tolerance);
  return { title, predicted, measured, failed, good: failed === 0 && total > 0 && off.length === 0 };
}

function hostOf(answer: string): string {
  return /^Hello from (.+)! in /.exec(answer)?.[1] ?? answer;
}
