import { expect, it } from 'vitest';
import type { HookCall } from '../extension/observer.ts';
import { createHookBook } from './hook-book.ts';

const call: HookCall = {
  hook: 'PostTranslateModify',
  result: 'changed',
  cached: false,
  ms: 2,
  requestBytes: 1,
  responseBytes: 1,
};

it('counts calls by hook and result, keeps the last, and passes all of it on', () => {
  const told: unknown[] = [];
  let now = 0;
  const book = createHookBook({
    now: () => (now += 1000),
    next: { called: (each) => void told.push(each.result), leftOut: (hook) => void told.push(hook) },
  });
  expect(book.read()).toEqual([]);
  book.leftOut('PostVirtualHostModify');
  expect(book.read()).toEqual([]);
  book.called(call);
  book.called({ ...call, result: 'late', ms: 9 });
  book.called({ ...call, hook: 'PostVirtualHostModify', result: 'unchanged' });
  expect(book.read()).toEqual([
    {
      hook: 'PostVirtualHostModify',
      calls: 1,
      results: { unchanged: 1 },
      leftOut: 1,
      last: { at: '1970-01-01T00:00:03.000Z', result: 'unchanged', ms: 2 },
    },
    {
      hook: 'PostTranslateModify',
      calls: 2,
      results: { changed: 1, late: 1 },
      leftOut: 0,
      last: { at: '1970-01-01T00:00:02.000Z', result: 'late', ms: 9 },
    },
  ]);
  expect(told).toEqual(['PostVirtualHostModify', 'changed', 'late', 'unchanged']);
});
