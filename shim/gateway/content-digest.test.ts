import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createContentDigest } from './content-digest.ts';
import { createSortedList } from './sorted-list.ts';

const sorted = (model: ReadonlyMap<string, string>) => [...model].toSorted(([a], [b]) => (a < b ? -1 : 1));

const changes = fc.array(
  fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.constantFrom('1', '2'), { nil: undefined })),
);

test('a digest says what is in the set, and not how it came to be', () => {
  const values = new Map<string, string>();
  fc.assert(
    fc.property(changes, (steps) => {
      const digest = createContentDigest();
      const model = new Map<string, string>();
      for (const [name, content] of steps) {
        expect(digest.set(name, content)).toBe(model.get(name) !== content);
        if (content === undefined) model.delete(name);
        else model.set(name, content);
      }
      const key = JSON.stringify(sorted(model));
      const before = values.get(key);
      values.set(key, digest.value());
      expect(before === undefined || before === digest.value()).toBe(true);
    }),
  );
  expect(new Set(values.values()).size).toBe(values.size);
});

test('a list is in the order of its keys, and the same while nothing changes', () => {
  fc.assert(
    fc.property(changes, (steps) => {
      const list = createSortedList<string>();
      const model = new Map<string, string>();
      for (const [key, value] of steps) {
        if (value === undefined) {
          list.delete(key);
          model.delete(key);
        } else {
          list.set(key, value);
          model.set(key, value);
        }
        expect(list.get(key)).toBe(model.get(key));
        expect(list.values()).toBe(list.values());
      }
      expect(list.values()).toEqual(sorted(model).map(([, value]) => value));
    }),
  );
});
