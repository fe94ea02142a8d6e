import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createFakeState } from './fake-inputs.ts';
import { createSyncGate } from './sync-gate.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const limitMs = 1000;

function setUp(synced: boolean) {
  const state = createFakeState([], synced);
  const gate = createSyncGate(state, limitMs, () => performance.now());
  const passed: string[] = [];
  return { state, gate, passed, wait: (name: string, maxMs = Infinity) => gate.wait(maxMs, () => passed.push(name)) };
}

test('synced: goes at once', () => {
  const { passed, wait } = setUp(true);
  wait('a');
  expect(passed).toEqual(['a']);
});

test('goes at the first sync, and not again', () => {
  const { state, passed, wait } = setUp(false);
  wait('a');
  wait('b');
  state.set({});
  expect(passed).toEqual([]);
  state.set({ synced: true });
  state.set({});
  vi.advanceTimersByTime(2 * limitMs);
  expect(passed).toEqual(['a', 'b']);
});

test('goes after the limit, or earlier if it must', () => {
  const { passed, wait } = setUp(false);
  wait('a');
  wait('b', 10);
  vi.advanceTimersByTime(10);
  expect(passed).toEqual(['b']);
  vi.advanceTimersByTime(limitMs - 10);
  expect(passed).toEqual(['b', 'a']);
});

test('after one that waited in vain, those that follow closely do not wait', () => {
  const { passed, wait } = setUp(false);
  wait('a');
  vi.advanceTimersByTime(limitMs);
  wait('b');
  vi.advanceTimersByTime(limitMs - 1);
  wait('c');
  expect(passed).toEqual(['a', 'b', 'c']);
  vi.advanceTimersByTime(limitMs);
  wait('d');
  expect(passed).toEqual(['a', 'b', 'c']);
});

test('who gives up does not go', () => {
  const { state, passed, wait } = setUp(false);
  wait('a')();
  state.set({ synced: true });
  vi.advanceTimersByTime(limitMs);
  expect(passed).toEqual([]);
});

test('closing lets all go', () => {
  const { gate, passed, wait } = setUp(false);
  wait('a');
  gate.close();
  wait('b');
  expect(passed).toEqual(['a', 'b']);
});
