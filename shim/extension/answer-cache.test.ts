import { expect, test } from 'vitest';

import { createAnswerCache } from './answer-cache.ts';
import { partsToBody } from './response-body.ts';

const answer = (bytes = 1) => ({ body: partsToBody([Buffer.alloc(bytes)]), changed: false });
const request = (text: string) => Buffer.from(text);

test('finds what was kept for equal bytes', () => {
  const cache = createAnswerCache(10);
  const kept = answer();
  cache.slot(request('a'), 'r').keep(kept);
  expect(cache.slot(request('a'), 'r').answer).toBe(kept);
  expect(cache.slot(request('b'), 'r').answer).toBeUndefined();
});

test('another revision, another answer', () => {
  const cache = createAnswerCache(10);
  cache.slot(request('a'), 'r').keep(answer());
  expect(cache.slot(request('a'), 's').answer).toBeUndefined();
  expect(cache.slot(request('a'), 'r').answer).toBeUndefined();
});

test('the one that was asked for longest ago goes first', () => {
  const cache = createAnswerCache(2);
  cache.slot(request('a'), 'r').keep(answer());
  cache.slot(request('b'), 'r').keep(answer());
  cache.slot(request('a'), 'r');
  cache.slot(request('c'), 'r').keep(answer());
  expect(['a', 'b', 'c'].filter((text) => cache.slot(request(text), 'r').answer !== undefined)).toEqual(['a', 'c']);
});

test('stays under its bytes, and keeps nothing huge', () => {
  const cache = createAnswerCache(100, 1000);
  for (const text of ['a', 'b', 'c', 'd']) cache.slot(request(text), 'r').keep(answer(300));
  cache.slot(request('huge'), 'r').keep(answer(2 ** 20));
  expect(['a', 'b', 'c', 'd', 'huge'].filter((text) => cache.slot(request(text), 'r').answer !== undefined)).toEqual([
    'b',
    'c',
    'd',
  ]);
});
