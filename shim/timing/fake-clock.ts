import type { Clock } from './clock.ts';

/** A clock for tests: time stands still until it is advanced. */
export interface FakeClock extends Clock {
  /** Lets time pass; what is due meanwhile is called in order, each at its time. */
  advance(ms: number): void;
  /** Somebody sets the time of day, forward or (below 0) back; no time passes. */
  step(ms: number): void;
  /** When each armed timer is due, milliseconds from now, soonest first. */
  timers(): readonly number[];
}

/** A clock that stands at `nowMs`. */
export function createFakeClock(nowMs: number = Date.parse('2026-01-01T00:00:00Z')): FakeClock {
  /** No time of day: what takes one for the other is to fail. */
  let monotonicMs = 0;
  const timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();
  const soonest = () => [...timers].toSorted((a, b) => a.dueMs - b.dueMs);
  return {
    now: () => nowMs,
    monotonicMs: () => monotonicMs,
    setTimeout(callback, ms) {
      const timer = { dueMs: monotonicMs + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const untilMs = monotonicMs + ms;
      const pass = (toMs: number) => {
        nowMs += toMs - monotonicMs;
        monotonicMs = toMs;
      };
      for (let timer = soonest()[0]; timer !== undefined && timer.dueMs <= untilMs; timer = soonest()[0]) {
        timers.delete(timer);
        pass(timer.dueMs);
        timer.callback();
      }
      pass(untilMs);
    },
    step(ms) {
      nowMs += ms;
    },
    timers: () => soonest().map(({ dueMs }) => dueMs - monotonicMs),
  };
}
