import { describe, expect, test } from 'vitest';
import { createBearerCheck } from './bearer-token.ts';

describe('one token', () => {
  const isAllowed = createBearerCheck('s3cret');

  test.each([
    { name: 'the token', header: 'Bearer s3cret', expected: true },
    { name: 'the scheme in lower case', header: 'bearer s3cret', expected: true },
    { name: 'several spaces', header: 'Bearer   s3cret', expected: true },
    { name: 'another token', header: 'Bearer s3creT', expected: false },
    { name: 'a beginning', header: 'Bearer s3cre', expected: false },
    { name: 'more than it', header: 'Bearer s3cret2', expected: false },
    { name: 'no header', header: undefined, expected: false },
    { name: 'an empty header', header: '', expected: false },
    { name: 'no token', header: 'Bearer ', expected: false },
    { name: 'another scheme', header: 'Basic s3cret', expected: false },
    { name: 'no scheme', header: 's3cret', expected: false },
    { name: 'a missing secret, written out', header: 'Bearer undefined', expected: false },
  ])('$name', ({ header, expected }) => {
    expect(isAllowed(header)).toBe(expected);
  });
});

test('while one token replaces another, both are valid', () => {
  const isAllowed = createBearerCheck('old, new,');
  expect(['Bearer old', 'Bearer new', 'Bearer old, new,', 'Bearer '].map(isAllowed)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test.each(['', ' ', ',', ' , '])('"%s" holds no token and opens no door', (tokens) => {
  expect(() => createBearerCheck(tokens)).toThrow('no bearer token');
});
