import { expect, test } from 'vitest';

import { createConvergenceRound } from './convergence.ts';
import type { ConvergenceRound } from './convergence.ts';

test.each<[string, readonly (keyof ConvergenceRound)[], readonly number[]]>([
  ['nobody is concerned', ['seal'], []],
  ['the last answer counts', ['join', 'join', 'seal', 'leave', 'leave'], [5]],
  ['an answer is missing', ['join', 'join', 'seal', 'leave'], []],
  ['all answers are there before all have joined', ['join', 'leave', 'join', 'leave', 'seal'], [5]],
])('reports once, when the last one has answered: %s', (_, steps, expected) => {
  const reports: number[] = [];
  let now = 0;
  const round = createConvergenceRound(
    () => now,
    (ms) => reports.push(ms),
  );
  for (const step of steps) {
    now += 1;
    round[step]();
  }
  expect(reports).toEqual(expected);
});
