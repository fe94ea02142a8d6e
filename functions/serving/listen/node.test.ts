import { Agent, request } from 'node:http';
import { connect } from 'node:http2';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { listenHttp } from './node.ts';

test('a connection whose request came to its end after the answer serves the next one', async () => {
  const { url, close } = await listenHttp({
    bindAddress: '127.0.0.1',
    port: 0,
    // Nothing of the request is read.
    handle: (_, response) => void response.end('answer'),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const req = request(url, { agent, method: 'POST', headers: { 'content-length': 8 } }, (res) => {
        // The answer is there: now the rest of the request.
        req.end('half');
        res.resume().once('end', () => resolve(req.socket?.localPort));
      });
      req.once('error', reject);
      req.write('half');
    });
  const first = await call();
  // Longer than a connection is given that is still sending.
  await sleep(700);
  expect(await call()).toBe(first);
  agent.destroy();
  await close();
});

test('a connection of HTTP/2 without a call ends, one with a call that is quiet stays', async () => {
  const { url, close } = await listenHttp({
    bindAddress: '127.0.0.1',
    port: 0,
    idleMs: 100,
    handle: (_, response) => void ended.then(() => setTimeout(() => response.end('answer'), 400)),
  });
  const [silent, busy] = [connect(url), connect(url)];
  const ended = once(silent, 'close');
  const answer = once(busy.request().resume(), 'end');
  const left: string[] = [];
  silent.once('close', () => left.push('silent'));
  busy.once('close', () => left.push('busy'));
  await answer;
  expect(left).toEqual(['silent']);
  await once(busy, 'close');
  await close();
});

test('the calls at once on a connection of HTTP/2 are limited', async () => {
  const { url, close } = await listenHttp({ bindAddress: '127.0.0.1', port: 0, handle: () => undefined });
  const session = connect(url);
  const [{ maxConcurrentStreams }] = (await once(session, 'remoteSettings')) as [{ maxConcurrentStreams: number }];
  expect(maxConcurrentStreams).toBe(1000);
  session.destroy();
  await close();
});
