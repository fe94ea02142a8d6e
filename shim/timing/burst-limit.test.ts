import { expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.ts';
import { createBurstLimit } from './burst-limit.ts';

test('a few go at once, many as time allows, and no key waits for another', () => {
  const clock = createFakeClock();
  const limit = createBurstLimit({ clock, burst: 3, everyMs: 1000 });
  expect([1, 2, 3, 4, 5].map(() => limit.take('a'))).toEqual([0, 0, 0, 1000, 1000]);
  expect(limit.take('b')).toBe(0);
  clock.advance(400);
  expect(limit.take('a')).toBe(600);
  clock.advance(600);
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 1000]);
  clock.step(-3_600_000);
  expect(limit.take('a')).toBe(1000);
  clock.advance(10_000);
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 1000]);
});
