import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { isolate } from './isolation.ts';

const sumWithout = (bad: ReadonlySet<number>) => (items: readonly number[]) => {
  for (const item of items) if (bad.has(item)) throw new Error(`panic at ${item}`);
  return items.reduce((a, b) => a + b, 0);
};

test('leaves out those that throw, and no other', () => {
  const items = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 });
  fc.assert(
    fc.property(items, fc.func(fc.boolean()), (items, isBad) => {
      const bad = new Set(items.filter((item) => isBad(item)));
      const { result, leftOut } = isolate(items, sumWithout(bad), () => false);
      expect(leftOut.map(({ item }) => item)).toEqual([...bad]);
      expect(result).toBe(items.filter((item) => !bad.has(item)).reduce((a, b) => a + b, 0));
    }),
  );
});

test('says what each threw', () => {
  const { leftOut } = isolate([1, 2, 3], sumWithout(new Set([2])), () => false);
  expect(leftOut).toEqual([{ item: 2, err: new Error('panic at 2') }]);
});

test('finds one of thousands in few steps', () => {
  let calls = 0;
  const compute = sumWithout(new Set([1234]));
  const counted = (items: readonly number[]) => {
    calls += 1;
    return compute(items);
  };
  isolate(
    Array.from({ length: 5000 }, (_, index) => index),
    counted,
    () => false,
  );
  expect(calls).toBeLessThan(40);
});

test.each([
  { title: 'nothing can be computed', items: [], expired: false },
  { title: 'two that only throw together', items: [1, 2], expired: false },
  { title: 'time is over', items: [1, 2], expired: true },
])('$title: it throws', ({ items, expired }) => {
  const compute = (some: readonly number[]) => {
    if (some.length === 2 || items.length === 0) throw new Error('panic');
  };
  expect(() => isolate(items, compute, () => expired)).toThrow('panic');
});
