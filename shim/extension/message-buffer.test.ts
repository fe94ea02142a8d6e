import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createMessageBuffer } from './message-buffer.ts';

const frame = (message: Uint8Array) => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
};

test('a message in any pieces', () => {
  const pieces = fc.array(fc.nat({ max: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), pieces, (message, cuts) => {
      const bytes = frame(message);
      const buffer = createMessageBuffer(300);
      const ends = [...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
      let start = 0;
      for (const end of ends) {
        expect(buffer.push(bytes.subarray(start, end))).toBeUndefined();
        start = end;
      }
      expect(buffer.end()).toEqual(Buffer.from(message));
    }),
  );
});

describe('problems', () => {
  test.each([
    { title: 'larger than the limit', bytes: frame(Buffer.alloc(11)), kind: 'too large' },
    { title: 'compressed', bytes: Buffer.from([1, 0, 0, 0, 1, 0]), kind: 'compressed' },
    {
      title: 'more than its message',
      bytes: Buffer.concat([frame(Buffer.alloc(3)), Buffer.alloc(1)]),
      kind: 'several',
    },
    { title: 'two messages', bytes: Buffer.concat([frame(Buffer.alloc(3)), frame(Buffer.alloc(3))]), kind: 'several' },
  ])('$title', ({ bytes, kind }) => {
    expect(createMessageBuffer(10).push(bytes)).toMatchObject({ kind });
  });

  test.each([
    { title: 'nothing', bytes: Buffer.alloc(0), kind: 'none' },
    { title: 'half a header', bytes: Buffer.alloc(3), kind: 'truncated' },
    { title: 'half a message', bytes: frame(Buffer.alloc(10)).subarray(0, 9), kind: 'truncated' },
    { title: 'a header alone', bytes: frame(Buffer.alloc(10)).subarray(0, 5), kind: 'truncated' },
  ])('$title', ({ bytes, kind }) => {
    const buffer = createMessageBuffer(10);
    expect(buffer.push(bytes)).toBeUndefined();
    expect(buffer.end()).toMatchObject({ kind });
  });
});

test('a claim of a huge message costs no more memory than a little', () => {
  const before = process.memoryUsage().arrayBuffers;
  const buffers = Array.from({ length: 100 }, () => {
    const buffer = createMessageBuffer(2 ** 32);
    buffer.push(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
    return buffer;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
  expect(buffers.every((buffer) => buffer.received === 3)).toBe(true);
});
