import { expect, test } from 'vitest';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { type Answer, eventOf, initialEventsEnd, refuse, startFakeApiServer, watchOf } from './fake-api-server.ts';
import { createKubernetesSource } from './kubernetes-source.ts';

const until = async (is: () => boolean) => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 2));
};

/** Mirrors an API server whose TailscaleTailnets are answered as a test says. */
async function start(tailnets: Answer) {
  const server = await startFakeApiServer((res, req) => {
    const answer = req.url?.includes('/tailscaletailnets')
      ? tailnets
      : watchOf([eventOf('ADDED', 'a'), initialEventsEnd]);
    answer(res, req);
  });
  const clock = createFakeClock();
  const run = { server, clock, kinds: new Set<string>(), synced: 0, failures: [] as string[] };
  const end = new AbortController();
  const source = createKubernetesSource({
    client: server.client,
    namespaces: [],
    clock,
    random: () => 0,
    log: createFakeLog(),
  });
  const running = source.run(
    {
      changed: (changes) => changes.forEach((change) => change.kind === 'set' && run.kinds.add(change.resource.kind)),
      synced: () => (run.synced += 1),
      failed: ({ place }) => run.failures.push(place),
    },
    end.signal,
  );
  return {
    ...run,
    run,
    async [Symbol.asyncDispose]() {
      end.abort();
      await running;
      await server[Symbol.asyncDispose]();
    },
  };
}

const others = ['Gateway', 'GatewayClass', 'TailscaleEndpoints', 'TailscaleRoutePolicy'];

test('all kinds are read but Secrets, and then it is synced', async () => {
  await using started = await start(watchOf([eventOf('ADDED', 'prod'), initialEventsEnd]));
  await until(() => started.run.synced > 0);
  expect([...started.kinds].toSorted()).toEqual([...others, 'TailscaleTailnet']);
  expect(started.server.requests.filter(({ pathname }) => pathname.includes('secrets'))).toEqual([]);
});

test.each([
  { name: 'no right to them', answer: refuse(403, 'no right') },
  { name: 'no CRD', answer: refuse(404, 'unknown') },
])('without TailscaleTailnets ($name) it is synced after a while, once', async ({ answer }) => {
  await using started = await start(answer);
  const { run, clock } = started;
  await until(() => run.kinds.size === others.length && run.failures.length > 0);
  expect(run.synced).toBe(0);
  clock.advance(10_000);
  expect(run.synced).toBe(1);
  clock.advance(60_000);
  expect(run.synced).toBe(1);
  expect(new Set(run.failures)).toEqual(new Set(['/apis/gateway.tailscale.com/v1alpha1/tailscaletailnets']));
});
