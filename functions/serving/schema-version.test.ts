import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { checkCallerVersion, compareSchemaVersion, oldestSchemaVersion, schemaVersion } from './schema-version.ts';

describe("a function's version beside the caller's", () => {
  test.each([
    { header: '2', expected: 'same' },
    { header: '1', expected: 'older' },
    { header: '3', expected: 'newer' },
    { header: null, expected: 'unknown' },
    { header: undefined, expected: 'unknown' },
    { header: '', expected: 'unknown' },
    { header: '0', expected: 'unknown' },
    { header: '2, 2', expected: 'unknown' },
    { header: '<html>', expected: 'unknown' },
  ])('$header is $expected', ({ header, expected }) => {
    expect(compareSchemaVersion(header, 2)).toBe(expected);
  });
});

describe("a caller's version", () => {
  test.each([null, String(oldestSchemaVersion), String(schemaVersion)])('%s is served', (header) => {
    expect(() => checkCallerVersion(header)).not.toThrow();
  });

  test('a newer one is refused, and the function is the one to renew', () => {
    expect(refusalOf(String(schemaVersion + 1))).toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: expect.stringContaining('deploy this function again') as string,
    });
  });

  test.each(['', '0', '-1', '1.0', 'new'])('"%s" is none', (header) => {
    expect(refusalOf(header)).toMatchObject({ code: Code.InvalidArgument });
  });
});

function refusalOf(header: string): ConnectError {
  try {
    checkCallerVersion(header);
  } catch (err) {
    return ConnectError.from(err);
  }
  throw new Error('not refused');
}
