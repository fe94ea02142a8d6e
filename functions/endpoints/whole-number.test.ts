import { expect, test } from 'vitest';
import { parseWholeNumber } from './whole-number.ts';

test.each([
  { name: 'the smallest', text: '0', expected: 0 },
  { name: 'the largest', text: '127', expected: 127 },
  { name: 'too large', text: '128', expected: undefined },
  { name: 'far too large', text: '9'.repeat(400), expected: undefined },
  { name: 'a sign', text: '+1', expected: undefined },
  { name: 'minus zero', text: '-0', expected: undefined },
  { name: 'a leading zero', text: '01', expected: undefined },
  { name: 'a space', text: '1 ', expected: undefined },
  { name: 'a line break', text: '1\n', expected: undefined },
  { name: 'an exponent', text: '1e2', expected: undefined },
  { name: 'a fraction', text: '1.0', expected: undefined },
  { name: 'hexadecimal', text: '0x1', expected: undefined },
  { name: 'other digits', text: '１', expected: undefined },
  { name: 'nothing', text: '', expected: undefined },
])('$name', ({ text, expected }) => {
  expect(parseWholeNumber(text, 0, 127)).toBe(expected);
});
