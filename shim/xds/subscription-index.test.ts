import { expect, test } from 'vitest';

import type { CacheChange } from './resource-cache.ts';
import { typeUrls } from './resource.ts';
import { createSubscriptionIndex } from './subscription-index.ts';

const change: CacheChange = { before: undefined, after: undefined };

/** Who is concerned by changes of `names`, and with which of them. */
function concerned(names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const index = createSubscriptionIndex<string>();
  index.add(typeUrls.endpoint, 'a', 'names a');
  index.add(typeUrls.endpoint, 'a', 'names a and b');
  index.add(typeUrls.endpoint, 'b', 'names a and b');
  index.add(typeUrls.endpoint, '*', 'all');
  index.add(typeUrls.endpoint, '*', 'all and a');
  index.add(typeUrls.endpoint, 'a', 'all and a');
  index.add(typeUrls.cluster, 'a', 'another type');
  index.add(typeUrls.endpoint, 'a', 'no longer');
  index.delete(typeUrls.endpoint, 'a', 'no longer');
  index.delete(typeUrls.endpoint, 'x', 'no longer');
  index.delete(typeUrls.route, 'a', 'no longer');
  const found = index.concerned(typeUrls.endpoint, new Map(names.map((name) => [name, change])));
  return Object.fromEntries([...found].map(([subscriber, part]) => [subscriber, [...part.keys()]]));
}

test.each<[string, readonly string[], Readonly<Record<string, readonly string[]>>]>([
  ['a name', ['b'], { all: ['b'], 'all and a': ['b'], 'names a and b': ['b'] }],
  ['a name of nobody', ['x'], { all: ['x'], 'all and a': ['x'] }],
  [
    'several names',
    ['a', 'b', 'x'],
    {
      all: ['a', 'b', 'x'],
      'all and a': ['a', 'b', 'x'],
      'names a': ['a'],
      'names a and b': ['a', 'b'],
    },
  ],
])('finds those whom a change concerns, with their part of it: %s', (_, names, expected) => {
  expect(concerned(names)).toEqual(expected);
});

test('finds nobody for a type without subscribers', () => {
  const index = createSubscriptionIndex<string>();
  expect(index.concerned(typeUrls.route, new Map([['a', change]])).size).toBe(0);
});
