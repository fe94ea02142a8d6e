import { expect, test } from 'vitest';

import { createResourceCache } from './resource-cache.ts';
import type { Transaction } from './resource-cache.ts';
import { createResource, typeUrls } from './resource.ts';
import type { Resource, ResourceChange } from './resource.ts';

function set(name: string, content: string, options: Pick<Resource, 'onDemand' | 'endpointName'> = {}): ResourceChange {
  return { kind: 'set', resource: createResource(typeUrls.cluster, name, Buffer.from(content), options) };
}

function remove(name: string): ResourceChange {
  return { kind: 'remove', typeUrl: typeUrls.cluster, name };
}

function names(transaction: Transaction | undefined): readonly string[] {
  return [...(transaction?.get(typeUrls.cluster)?.keys() ?? [])];
}

/** A cache in which a and b stand, and what it tells from then on. */
function createFilledCache() {
  const cache = createResourceCache();
  cache.apply([set('a', '1'), set('b', '1')]);
  const told: Transaction[] = [];
  cache.observe((transaction) => told.push(transaction));
  return { cache, view: cache.view(typeUrls.cluster), told };
}

test.each<[string, ResourceChange[], readonly (readonly string[])[]]>([
  ['a new resource', [set('c', '1')], [['c']]],
  ['another version', [set('a', '2')], [['a']]],
  ['a removal', [remove('a')], [['a']]],
  ['the same version', [set('a', '1')], []],
  ['a removal of what is not there', [remove('x')], []],
  ['there and back', [set('a', '2'), set('a', '1')], []],
  ['gone and back', [remove('a'), set('a', '1')], []],
  ['come and gone', [set('c', '1'), remove('c')], []],
  ['several at once, the last one counts', [set('a', '2'), remove('b'), set('a', '3')], [['a', 'b']]],
  ['another visibility', [set('a', '1', { onDemand: true })], [['a']]],
  ['nothing', [], []],
])('tells a transaction as a whole, and only what is different after it: %s', (_, changes, expected) => {
  const { cache, told } = createFilledCache();
  cache.apply(changes);
  expect(told.map(names)).toEqual(expected);
});

test('tells what was there and what is there now', () => {
  const { cache, view, told } = createFilledCache();
  const before = view.get('a');
  cache.apply([set('a', '2')]);
  expect(told[0]?.get(typeUrls.cluster)?.get('a')).toEqual({ before, after: view.get('a') });
});

test('is synced, and says so, after a first transaction that is empty', () => {
  const cache = createResourceCache();
  let told = 0;
  cache.observe(() => (told += 1));
  expect(cache.synced).toBe(false);
  cache.apply([]);
  expect([cache.synced, told]).toEqual([true, 1]);
  cache.apply([]);
  expect(told).toBe(1);
});

test('stays as it was when the changes throw half-way', () => {
  const { cache, view, told } = createFilledCache();
  function* broken(): Generator<ResourceChange> {
    yield set('a', '2');
    throw new Error('source failed');
  }
  expect(() => cache.apply(broken())).toThrow('source failed');
  expect(view.get('a')?.body).toEqual(Buffer.from('1'));
  expect(told).toEqual([]);
});

test('shows wildcards all but what is on demand, by name', () => {
  const { cache, view } = createFilledCache();
  cache.apply([set('0', '1'), set('api', '1', { onDemand: true })]);
  expect(view.wildcard().map(({ name }) => name)).toEqual(['0', 'a', 'b']);
});

test('has a digest that depends on what is there alone', () => {
  const { cache, view } = createFilledCache();
  const { digest } = view;
  cache.apply([set('c', '1'), set('a', '2')]);
  expect(view.digest).not.toBe(digest);
  cache.apply([remove('c')]);
  cache.apply([remove('a'), set('hidden', '1', { onDemand: true })]);
  cache.apply([set('a', '1')]);
  expect(view.digest).toBe(digest);

  const other = createResourceCache();
  other.apply([set('b', '1'), set('a', '1')]);
  expect(other.view(typeUrls.cluster).digest).toBe(digest);
});

test('tells no more to who has stopped listening', () => {
  const { cache } = createFilledCache();
  let told = 0;
  const stop = cache.observe(() => (told += 1));
  stop();
  cache.apply([set('a', '2')]);
  expect(told).toBe(0);
});
