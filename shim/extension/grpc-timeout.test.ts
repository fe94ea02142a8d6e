import { expect, test } from 'vitest';

import { parseGrpcTimeout } from './grpc-timeout.ts';

test.each([
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['3S', 3000],
  ['40m', 40],
  ['5000u', 5],
  ['6000000n', 6],
  ['0m', 0],
  ['99999999m', 99_999_999],
  [undefined, undefined],
  ['', undefined],
  ['5', undefined],
  ['m', undefined],
  ['-5m', undefined],
  ['5 m', undefined],
  ['123456789m', undefined],
])('%s', (header, expected) => {
  expect(parseGrpcTimeout(header)).toBe(expected);
});
