import { equals } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryRequest } from '../functions/endpoints/arbitrary-request.ts';
import { DeviceSchema } from '../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { isSameValue } from './same-value.ts';

describe('the same value', () => {
  it('is what the same message is', () => {
    fc.assert(
      fc.property(arbitraryRequest, arbitraryRequest, ({ devices }, other) => {
        for (const device of devices) {
          expect(isSameValue(device, structuredClone(device))).toBe(true);
          for (const each of other.devices) expect(isSameValue(device, each)).toBe(equals(DeviceSchema, device, each));
        }
      }),
    );
  });

  it.each([
    { name: 'keys in another order', a: { x: 1, y: [2] }, b: { y: [2], x: 1 }, same: true },
    { name: 'a key more', a: { x: 1 }, b: { x: 1, y: undefined }, same: false },
    { name: 'another key', a: { x: undefined }, b: { y: undefined }, same: false },
    { name: 'a list and an object', a: [], b: {}, same: false },
    { name: 'an object and a list', a: {}, b: [], same: false },
    { name: 'nothing', a: null, b: {}, same: false },
    { name: 'large numbers', a: { seconds: 10n }, b: { seconds: 10n }, same: true },
  ])('$name: $same', ({ a, b, same }) => {
    expect(isSameValue(a, b)).toBe(same);
  });
});
