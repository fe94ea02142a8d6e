import { expect, test } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');

test.each([
  { header: '0', ms: 0 },
  { header: '120', ms: 120_000 },
  { header: ' 5 ', ms: 5_000 },
  { header: 'Sat, 21 Nov 2026 12:01:30 GMT', ms: 90_000 },
  { header: 'Sat, 21 Nov 2026 11:00:00 GMT', ms: 0 },
  { header: 'Fri, 31 Dec 9999 23:59:59 GMT', ms: 3_600_000 },
  { header: '99999999999999999999', ms: 3_600_000 },
  { header: '-5', ms: undefined },
  { header: '1.5', ms: undefined },
  { header: 'soon', ms: undefined },
  { header: '', ms: undefined },
  { header: null, ms: undefined },
])('$header', ({ header, ms }) => {
  expect(parseRetryAfter(header, nowMs)).toBe(ms);
});
