import { expect, it } from 'vitest';
import { createFakeClock } from '../sources/fake-clock.ts';
import { createFakeLog } from '../sources/fake-log.ts';
import { type Answer, initialEventsEnd, startFakeApiServer, watchOf } from './fake-api-server.ts';
import { createRevisionWriter } from './revision-writer.ts';

const metadata = { name: 'eg', namespace: 'default', uid: 'eg', resourceVersion: '1' };

it('a Gateway whose revision never rests is translated at a pace, and once more when it does', async () => {
  const written: string[] = [];
  const answer: Answer = (res, req) => {
    if (req.method === 'GET') return watchOf([initialEventsEnd])(res, req);
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      written.push((JSON.parse(body) as { spec: { revision: string } }).spec.revision);
      res.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    return undefined;
  };
  await using server = await startFakeApiServer(answer);
  const clock = createFakeClock();
  const log = createFakeLog();
  const writer = createRevisionWriter({ client: server.client, namespaces: [], clock, random: () => 0, log });
  writer.observe('Gateway', [{ kind: 'set', object: { metadata } }]);
  const end = new AbortController();
  const running = writer.run(end.signal);
  const pass = async (ms: number) => {
    clock.advance(ms);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const until = async (is: () => boolean) => {
    while (!is()) await pass(10);
  };

  const desire = (revision: string) => writer.desire(new Map([['default/eg', revision]]));
  desire('first');
  await until(() => written.length === 1);
  const fromMs = clock.now();
  for (let flap = 1; flap <= 60; flap++) {
    desire(`flap-${flap}`);
    await pass(100);
  }
  const seconds = (clock.now() - fromMs) / 1000;
  expect(written.length).toBeGreaterThan(seconds);
  expect(written.length).toBeLessThanOrEqual(5 + seconds);
  await until(() => written.at(-1) === 'flap-60');
  const { length } = written;
  for (let more = 0; more < 50; more++) await pass(100);
  expect(written).toHaveLength(length);
  end.abort();
  await running;
});

it('a revision that is not wanted any more goes, also before the watch has told that it is there', async () => {
  const asked: string[] = [];
  const answer: Answer = (res, req) => {
    if (req.method === 'GET') return watchOf([initialEventsEnd])(res, req);
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      const { spec, preconditions } = JSON.parse(body) as { spec?: { revision: string }; preconditions?: object };
      asked.push(`${req.method} ${spec?.revision ?? JSON.stringify(preconditions)}`);
      const object = {
        ...JSON.parse(body),
        metadata: { ...JSON.parse(body).metadata, uid: '1', resourceVersion: '7' },
      };
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(object));
    });
    return undefined;
  };
  await using server = await startFakeApiServer(answer);
  const clock = createFakeClock();
  const log = createFakeLog();
  const writer = createRevisionWriter({ client: server.client, namespaces: [], clock, random: () => 0, log });
  writer.observe('Gateway', [{ kind: 'set', object: { metadata } }]);
  const end = new AbortController();
  const running = writer.run(end.signal);
  const until = async (is: () => boolean) => {
    while (!is()) {
      clock.advance(10);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  writer.desire(new Map([['default/eg', 'first']]));
  await until(() => asked.length === 1);
  writer.desire(new Map());
  await until(() => asked.length === 2);
  expect(asked).toEqual(['PATCH first', 'DELETE {"uid":"1","resourceVersion":"7"}']);
  end.abort();
  await running;
});
