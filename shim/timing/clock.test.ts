import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { createFakeClock } from './fake-clock.ts';

test('what is measured has nothing to do with the time of day, and fits where whole milliseconds are wanted', () => {
  const ms = systemClock.monotonicMs();
  expect(Number.isInteger(ms)).toBe(true);
  expect(Math.abs(ms - performance.now())).toBeLessThan(60_000);
  expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(ms);
});

test('setting the time of day moves no timer', () => {
  const clock = createFakeClock(0);
  const called: string[] = [];
  clock.setTimeout(() => called.push(`${clock.now()} ${clock.monotonicMs()}`), 1000);
  clock.step(-3_600_000);
  expect(clock.timers()).toEqual([1000]);
  clock.advance(1000);
  clock.step(3_600_000);
  expect(called).toEqual(['-3599000 1000']);
  expect([clock.now(), clock.monotonicMs()]).toEqual([1000, 1000]);
});
