import { expect, test } from 'vitest';
import { findExpressionFault } from './regular-expression.ts';

test.each([
  'canary',
  '(?i)canary|beta',
  '(?i:a)b',
  '(?P<name>a)',
  '(a{10}){10}',
  'a{2,}?',
  '[a-z0-9_.-]+',
  '[^a-c-]',
  '[[:alpha:]\\d]',
  String.raw`\d{3}\.\w+\bx\x41`,
  '^v[0-9]+$',
  'a||b',
  '.*',
  '€+',
])('%s is an expression', (expression) => {
  expect(findExpressionFault(expression)).toBeUndefined();
});

test.each([
  { expression: '', fault: 'must not be empty' },
  { expression: '\ud800', fault: 'must be well-formed' },
  { expression: 'a**', fault: 'a repetition of a repetition' },
  { expression: 'a{2}{3}', fault: 'a repetition of a repetition' },
  { expression: '(?i)*', fault: 'nothing to repeat' },
  { expression: '*a', fault: 'without a backslash' },
  { expression: 'a{', fault: 'without a backslash' },
  { expression: 'a]', fault: 'without a backslash' },
  { expression: 'a{1001}', fault: 'more than 1000 times' },
  { expression: '(a{100}){11}', fault: 'more than 1000 times' },
  { expression: 'a{3,2}', fault: 'ends before it begins' },
  { expression: '[z-a]', fault: 'ends before it begins' },
  { expression: '[]', fault: 'an empty class' },
  { expression: '[a', fault: 'a [ too much' },
  { expression: '[[a]', fault: 'within a class' },
  { expression: '(a', fault: 'a ( too much' },
  { expression: 'a)', fault: 'a ) too much' },
  { expression: '(?=a)', fault: 'of a kind that RE2 does not know' },
  { expression: '(?<!a)b', fault: 'of a kind that RE2 does not know' },
  { expression: '(?>a)', fault: 'of a kind that RE2 does not know' },
  { expression: String.raw`(a)\1`, fault: 'an escape that RE2 does not know' },
  { expression: String.raw`a\Z`, fault: 'an escape that RE2 does not know' },
  { expression: 'a\\', fault: 'an escape that RE2 does not know' },
  { expression: '('.repeat(200), fault: 'more than 100 groups' },
])('$expression is none: $fault', ({ expression, fault }) => {
  expect(findExpressionFault(expression)).toContain(fault);
});
