import { describe, expect, test } from 'vitest';

import { rewriteTranslation, translationFields } from './translation.ts';
import { encodeField } from './wire-field.ts';

const bytesOf = (parts: Iterable<Uint8Array>) => Buffer.concat([...parts]);
const [one, two, new1] = ['one', 'two', 'new'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];

describe('rewriting', () => {
  test.each<{ title: string; request: Buffer[]; response: Buffer[] }>([
    { title: 'nothing', request: [], response: [] },
    { title: 'the context alone', request: [encodeField(1, one)], response: [] },
    {
      title: 'each type',
      request: [2, 3, 4, 5].map((field) => encodeField(field, one)),
      response: [1, 2, 3, 4].map((field) => encodeField(field, one)),
    },
    {
      title: 'types in turn',
      request: [encodeField(5, one), encodeField(1, one), encodeField(2, two), encodeField(5, two)],
      response: [encodeField(4, one), encodeField(1, two), encodeField(4, two)],
    },
    {
      title: 'fields of later versions are not carried over: their numbers mean something else in a response',
      request: [encodeField(2, one), encodeField(9, two), Buffer.from([0x50, 0x01]), encodeField(3, two)],
      response: [encodeField(1, one), encodeField(2, two)],
    },
    {
      title: 'a tag in more bytes than it needs',
      request: [encodeField(2, two), Buffer.from([0x92, 0x00, 0x03]), one, encodeField(3, two)],
      response: [encodeField(1, two), encodeField(1, one), encodeField(2, two)],
    },
  ])('$title', ({ request, response }) => {
    const rewritten = rewriteTranslation(Buffer.concat(request), () => undefined);
    const body = rewritten.toBody([]);
    expect(bytesOf(body.parts())).toEqual(Buffer.concat(response));
    expect(body.byteLength).toBe(Buffer.concat(response).length);
    expect(rewritten.changed).toBe(false);
  });
});

test('a resource is replaced in its place, and others come behind', () => {
  const request = Buffer.concat([encodeField(2, one), encodeField(2, two), encodeField(3, one)]);
  const rewritten = rewriteTranslation(request, (field, from, to) =>
    field === translationFields.clusters && request.subarray(from, to).equals(one) ? [new1, one] : undefined,
  );
  expect(rewritten.changed).toBe(true);
  expect(bytesOf(rewritten.toBody([two]).parts())).toEqual(
    Buffer.concat([
      encodeField(1, Buffer.concat([new1, one])),
      encodeField(1, two),
      encodeField(2, one),
      encodeField(1, two),
    ]),
  );
});

test('asked for again, the body is the same', () => {
  const body = rewriteTranslation(Buffer.concat([encodeField(2, one), encodeField(3, two)]), () => undefined).toBody(
    [],
  );
  const first = bytesOf(body.parts());
  expect(bytesOf(body.parts())).toEqual(first);
});

test('more resources than a list begins with', () => {
  const request = Buffer.concat(Array.from({ length: 5000 }, () => encodeField(3, one)));
  const { parts } = rewriteTranslation(request, () => undefined).toBody([]);
  expect(bytesOf(parts())).toEqual(Buffer.concat(Array.from({ length: 5000 }, () => encodeField(2, one))));
});
