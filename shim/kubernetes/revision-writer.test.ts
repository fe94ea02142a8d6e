import { expect, it } from 'vitest';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { type Answer, initialEventsEnd, startFakeApiServer, watchOf } from './fake-api-server.ts';
import type { KubeClient } from './kube-client.ts';
import { createRevisionWriter } from './revision-writer.ts';

const metadata = { name: 'eg', namespace: 'default', uid: 'eg', resourceVersion: '1' };

/** What a writer asked of an API server for the Gateway `default/eg`. */
interface Asked {
  readonly method: string | undefined;
  readonly body: {
    readonly metadata?: object;
    readonly spec?: { readonly revision: string };
    readonly preconditions?: object;
  };
}

/** A writer that runs, beside an API server that takes all that is written, and whose watch tells of none of it. */
async function startWriter() {
  const asked: Asked[] = [];
  const answer: Answer = (res, req) => {
    if (req.method === 'GET') return watchOf([initialEventsEnd])(res, req);
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      const body = JSON.parse(text) as Asked['body'];
      asked.push({ method: req.method, body });
      const object = { ...body, metadata: { ...body.metadata, uid: '1', resourceVersion: '7' } };
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(object));
    });
    return undefined;
  };
  const server = await startFakeApiServer(answer);
  const clock = createFakeClock();
  const log = createFakeLog();
  let underWay = 0;
  const client: KubeClient = {
    ...server.client,
    async request(request) {
      underWay += 1;
      return server.client.request(request).finally(() => (underWay -= 1));
    },
  };
  const writer = createRevisionWriter({ client, namespaces: [], clock, random: () => 0, log });
  writer.observe('Gateway', [{ kind: 'set', object: { metadata } }]);
  const end = new AbortController();
  const running = writer.run(end.signal);
  const pass = async (ms: number) => {
    clock.advance(ms);
    // What begins now, and what comes of its answer, is over when the clock goes on.
    do await new Promise((resolve) => setTimeout(resolve, 2));
    while (underWay > 0);
  };
  return {
    writer,
    clock,
    asked,
    pass,
    async until(is: () => boolean) {
      while (!is()) await pass(10);
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      await running;
      await server[Symbol.asyncDispose]();
    },
  };
}

it('a Gateway whose revision never rests is translated at a pace, and once more when it does', async () => {
  await using started = await startWriter();
  const { writer, clock, asked, pass, until } = started;
  const desire = (revision: string) => writer.desire(new Map([['default/eg', revision]]));
  desire('first');
  await until(() => asked.length === 1);
  const fromMs = clock.now();
  for (let flap = 1; flap <= 60; flap++) {
    desire(`flap-${flap}`);
    await pass(100);
  }
  const seconds = (clock.now() - fromMs) / 1000;
  expect(asked.length).toBeGreaterThan(seconds);
  expect(asked.length).toBeLessThanOrEqual(5 + seconds);
  await until(() => asked.at(-1)?.body.spec?.revision === 'flap-60');
  const { length } = asked;
  for (let more = 0; more < 50; more++) await pass(100);
  expect(asked).toHaveLength(length);
});

it('a revision that is not wanted any more goes, also before the watch has told that it is there', async () => {
  await using started = await startWriter();
  const { writer, asked, until } = started;
  writer.desire(new Map([['default/eg', 'first']]));
  await until(() => asked.length === 1);
  writer.desire(new Map());
  await until(() => asked.length === 2);
  expect(asked).toMatchObject([
    { method: 'PATCH', body: { spec: { revision: 'first' } } },
    { method: 'DELETE', body: { preconditions: { uid: '1', resourceVersion: '7' } } },
  ]);
});
