import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { modifyEndpoints } from './endpoints-hook.ts';
import { modifyListener } from './listener-hook.ts';
import { encodeField } from './wire-field.ts';

describe.each([
  { hook: 'PostHTTPListenerModify', modify: modifyListener },
  { hook: 'PostEndpointsModify', modify: modifyEndpoints },
])('$hook', ({ modify }) => {
  test('any object comes back as it came', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 10 }), (object, context) => {
        const answer = modify(Buffer.concat([encodeField(1, object), encodeField(2, context)]));
        expect(answer.changed).toBe(false);
        expect(Buffer.concat([...answer.body.parts()])).toEqual(encodeField(1, object));
      }),
    );
  });

  test.each([
    { title: 'no object', request: Buffer.alloc(0), response: Buffer.alloc(0) },
    { title: 'an empty object', request: encodeField(1, Buffer.alloc(0)), response: encodeField(1, Buffer.alloc(0)) },
    {
      title: 'an object in two pieces',
      request: Buffer.concat([encodeField(1, Buffer.from('a')), encodeField(1, Buffer.from('b'))]),
      response: encodeField(1, Buffer.from('ab')),
    },
    {
      title: 'fields of later versions',
      request: Buffer.concat([encodeField(9, Buffer.from('x')), encodeField(1, Buffer.from('a'))]),
      response: encodeField(1, Buffer.from('a')),
    },
  ])('$title', ({ request, response }) => {
    expect(Buffer.concat([...modify(request).body.parts()])).toEqual(response);
  });

  test('no request', () => {
    expect(() => modify(Buffer.from([0x0a, 0x7f]))).toThrow(RangeError);
  });
});
