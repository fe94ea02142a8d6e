import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { createFrameDecoder, encodeFrame } from './frame.ts';
import type { FrameProblem } from './frame.ts';

/** Feeds `chunks` and answers with the messages, and the problem if there is one. */
function decode(chunks: readonly Buffer[], limit?: number): { messages: string[]; problem: FrameProblem | undefined } {
  const decoder = createFrameDecoder(limit);
  const messages: string[] = [];
  const sink = { message: (bytes: Buffer) => void messages.push(bytes.toString()) };
  for (const chunk of chunks) {
    const problem = decoder.push(chunk, sink);
    if (problem !== undefined) return { messages, problem };
  }
  return { messages, problem: decoder.end() };
}

function frame(text: string): Buffer {
  return encodeFrame([Buffer.from(text)]);
}

test.each<[string, Buffer[], string[], FrameProblem | undefined]>([
  ['nothing', [], [], undefined],
  ['one message', [frame('one')], ['one'], undefined],
  ['an empty message', [frame('')], [''], undefined],
  ['two in one chunk', [Buffer.concat([frame('one'), frame('two')])], ['one', 'two'], undefined],
  ['a header alone', [frame('one').subarray(0, 5)], [], 'truncated'],
  ['half a header', [frame('one'), Buffer.from([0, 0])], ['one'], 'truncated'],
  ['half a message', [frame('one').subarray(0, 7)], [], 'truncated'],
  ['a message of the largest size', [frame('12345678')], ['12345678'], undefined],
  ['a message that is too large, before it has come', [Buffer.from([0, 0, 0, 0, 9])], [], 'too large'],
  ['a message of 4 GiB', [Buffer.from([0, 255, 255, 255, 255])], [], 'too large'],
  ['a compressed message', [Buffer.from([1, 0, 0, 0, 1, 65])], [], 'compressed'],
  ['what is no frame', [Buffer.from('GET / HTTP/1.1')], [], 'compressed'],
])('cuts frames: %s', (_, chunks, messages, problem) => {
  expect(decode(chunks, 8)).toEqual({ messages, problem });
});

test('cuts frames wherever the chunks are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 40 })), fc.array(fc.nat({ max: 60 })), (texts, cuts) => {
      let rest = Buffer.concat(texts.map(frame));
      const chunks: Buffer[] = [];
      for (const cut of cuts) {
        chunks.push(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      expect(decode([...chunks, rest])).toEqual({ messages: texts, problem: undefined });
    }),
  );
});

test('takes a large message that comes byte by byte', () => {
  const text = 'x'.repeat(100_000);
  const bytes = frame(text);
  expect(decode(Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))).messages).toEqual([text]);
});
