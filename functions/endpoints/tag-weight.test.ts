import { expect, test } from 'vitest';
import { parseTagWeight } from './tag-weight.ts';

test.each([
  { name: 'the plain tag', tag: 'tag:weight-2', expected: { kind: 'valid', weight: 2 } },
  { name: 'a prefix', tag: 'tag:eu-weight-2', expected: { kind: 'valid', weight: 2 } },
  { name: 'a prefix that says weight', tag: 'tag:weight-1-weight-2', expected: { kind: 'valid', weight: 2 } },
  { name: 'the largest', tag: 'tag:weight-1000000', expected: { kind: 'valid', weight: 1_000_000 } },
  { name: 'one more', tag: 'tag:weight-1000001', expected: { kind: 'invalid' } },
  { name: 'zero', tag: 'tag:weight-0', expected: { kind: 'invalid' } },
  { name: 'no number', tag: 'tag:weight-', expected: { kind: 'invalid' } },
  { name: 'a leading zero', tag: 'tag:weight-02', expected: { kind: 'invalid' } },
  { name: 'a line break at the end', tag: 'tag:weight-2\n', expected: { kind: 'invalid' } },
  { name: 'a line break in the prefix', tag: 'tag:a\n-weight-2', expected: { kind: 'valid', weight: 2 } },
  { name: 'something behind the number', tag: 'tag:weight-2-blue', expected: { kind: 'invalid' } },
  { name: 'another word that ends so', tag: 'tag:overweight-2', expected: { kind: 'none' } },
  { name: 'no hyphen', tag: 'tag:weight2', expected: { kind: 'none' } },
  { name: 'no tag', tag: 'weight-2', expected: { kind: 'none' } },
  { name: 'upper case', tag: 'tag:Weight-2', expected: { kind: 'none' } },
  { name: 'nothing', tag: '', expected: { kind: 'none' } },
])('$name: $tag', ({ tag, expected }) => {
  expect(parseTagWeight(tag)).toEqual(expected);
});
