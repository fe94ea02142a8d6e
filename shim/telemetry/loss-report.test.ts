import { expect, test } from 'vitest';
import { createFakeLog } from './fake-log.ts';
import { createLossReport } from './loss-report.ts';

const counts = (record: Record<string, number>) => new Map(Object.entries(record));

test.each([
  { name: 'all of two', before: { used: 2 }, after: { used: 0, expired: 2 }, warns: true },
  { name: 'most', before: { used: 5, offline: 1 }, after: { used: 2, offline: 1, unauthorized: 3 }, warns: true },
  { name: 'half', before: { used: 4 }, after: { used: 2, unauthorized: 2 }, warns: false },
  { name: 'the only one', before: { used: 1 }, after: { used: 0, offline: 1 }, warns: false },
  { name: 'none', before: { used: 0 }, after: { used: 0, offline: 3 }, warns: false },
  { name: 'more', before: { used: 1 }, after: { used: 5 }, warns: false },
])('$name: $warns', ({ before, after, warns }) => {
  const log = createFakeLog();
  createLossReport(log).tell([{ group: 'g', before: counts(before), after: counts(after) }]);
  expect(log.lines).toHaveLength(warns ? 1 : 0);
});

test('one line has the counts, the reasons that are new, and the first groups', () => {
  const log = createFakeLog();
  const loss = {
    before: counts({ used: 3, offline: 1 }),
    after: counts({ used: 1, offline: 1, unauthorized: 1, '(refused)': 3 }),
  };
  createLossReport(log).tell([
    ...Array.from({ length: 12 }, (_, i) => ({ group: `g${i}`, ...loss })),
    { group: 'new', after: counts({ used: 0 }) },
  ]);
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'most devices of a group serve it no longer',
      fields: {
        had: 36,
        used: 12,
        reasons: { unauthorized: 12 },
        groups: Array.from({ length: 10 }, (_, i) => `g${i}`),
        more: 2,
      },
    },
  ]);
});
