import { create, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { isReflectMessage, reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createValidator } from '@bufbuild/protovalidate';
import { Code, ConnectError } from '@connectrpc/connect';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ComputeEndpointsRequestSchema,
  SimulateEndpointsRequestSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { ComputeRoutesRequestSchema } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { arbitraryRequest as arbitraryEndpoints } from '../endpoints/arbitrary-request.ts';
import { arbitraryRequest as arbitraryRoutes } from '../routes/arbitrary-request.ts';
import { checkBinaryItems } from './binary-items.ts';
import { createItemCount } from './item-count.ts';
import { maxRequestItems } from './limits.ts';

const now = timestampFromMs(0);

describe('it counts what the decoder builds', () => {
  const rows: { name: string; schema: DescMessage; requests: fc.Arbitrary<Message> }[] = [
    { name: 'endpoints', schema: ComputeEndpointsRequestSchema, requests: arbitraryEndpoints },
    { name: 'routes', schema: ComputeRoutesRequestSchema, requests: arbitraryRoutes },
  ];

  test.each(rows)('of valid requests: $name', ({ schema, requests }) => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(countBytes(schema, toBinary(schema, request))).toBe(countMessage(reflect(schema, request)));
      }),
    );
  });

  test.each(rows)('and no less of bytes that are damaged: $name', ({ schema, requests }) => {
    let decoded = 0;
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(requests, damage, (request, changes) => {
        const bytes = toBinary(schema, request);
        changes.forEach(([at, value]) => (bytes[at % bytes.length] = value));
        let message: Message;
        try {
          message = fromBinary(schema, bytes);
        } catch {
          return;
        }
        decoded++;
        expect(countBytes(schema, bytes)).toBeGreaterThanOrEqual(countMessage(reflect(schema, message)));
      }),
      { numRuns: 2000 },
    );
    expect(decoded).toBeGreaterThan(20);
  });

  test.each([0, 1, 2, 5])('of messages whose tag has the wire type %i', (wireType) => {
    const bytes = new Uint8Array([(3 << 3) | wireType, 0, (3 << 3) | wireType, 0]);
    expect(fromBinary(ComputeEndpointsRequestSchema, bytes).devices).toHaveLength(2);
    expect(countBytes(ComputeEndpointsRequestSchema, bytes)).toBe(2);
  });
});

describe('a list', () => {
  const devices = Array.from({ length: 100_001 }, (_, index) => ({ id: String(index) }));

  test('as long as it may be passes', () => {
    const request = create(ComputeEndpointsRequestSchema, { now, devices: devices.slice(1) });
    expect(createValidator().validate(ComputeEndpointsRequestSchema, request).kind).toBe('valid');
    expect(refusalOf(ComputeEndpointsRequestSchema, request)).toBeUndefined();
  });

  test('that is longer is refused in the words of the validator', () => {
    const request = create(SimulateEndpointsRequestSchema, { inputs: { now, devices }, scenarios: [{ name: 'a' }] });
    const { error } = createValidator().validate(SimulateEndpointsRequestSchema, request);
    expect(refusalOf(SimulateEndpointsRequestSchema, request)).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: error?.message,
    });
    expect(error?.message).toBe('inputs.devices: must contain no more than 100000 item(s) [repeated.max_items]');
  });

  test('of a list is named with its index', () => {
    const tags = Array.from({ length: 65 }, () => 't');
    const groups = [{ name: 'a' }, { name: 'b', selectorTags: tags }];
    const request = create(ComputeEndpointsRequestSchema, { now, groups });
    expect(refusalOf(ComputeEndpointsRequestSchema, request)?.rawMessage).toMatch(/^groups\[1\]\.selector_tags: /);
  });
});

test.each([
  {
    name: 'empty routes, which have no limit of their own',
    bytes: inVirtualHost(repeat([0x32, 0], maxRequestItems + 1)),
  },
  { name: 'unknown fields', bytes: repeat([0x78, 0], maxRequestItems + 1) },
])('too many $name are RESOURCE_EXHAUSTED', ({ bytes }) => {
  const check = () => checkBinaryItems(ComputeRoutesRequestSchema, bytes, createItemCount());
  expect(check).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }));
});

test.each([
  { name: 'no message', bytes: [0xff] },
  { name: 'a length beyond the end', bytes: [0x1a, 0xff, 0xff, 0x03, 0x00] },
  { name: 'an item beyond its message', bytes: [0x1a, 0x02, 0x0a, 0x7f] },
])('$name is left to the decoder', ({ bytes }) => {
  expect(() => fromBinary(ComputeEndpointsRequestSchema, new Uint8Array(bytes))).toThrow(/premature EOF|illegal tag/);
  expect(() => countBytes(ComputeEndpointsRequestSchema, new Uint8Array(bytes))).not.toThrow();
});

function inVirtualHost(bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(bytes).finish();
}

function repeat(item: readonly number[], times: number): Uint8Array {
  return new Uint8Array(item.length * times).map((_, index) => item[index % item.length] ?? 0);
}

function countBytes(schema: DescMessage, bytes: Uint8Array): number {
  let total = 0;
  checkBinaryItems(schema, bytes, { add: (items) => (total += items), checkList: () => undefined });
  return total;
}

function countMessage(message: ReflectMessage): number {
  let total = message.getUnknown()?.length ?? 0;
  for (const field of message.fields.filter((candidate) => message.isSet(candidate))) {
    const value: unknown = message.get(field);
    if (field.fieldKind === 'list') {
      const items = [...message.get(field)];
      total += items.length + sum(items);
    } else if (field.fieldKind === 'map') {
      const values = [...message.get(field).values()];
      total += values.length + sum(values);
    } else if (isReflectMessage(value)) {
      total += 1 + countMessage(value);
    }
  }
  return total;
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, value) => total + (isReflectMessage(value) ? countMessage(value) : 0), 0);
}

function refusalOf(schema: DescMessage, request: Message): ConnectError | undefined {
  try {
    checkBinaryItems(schema, toBinary(schema, request), createItemCount());
    return undefined;
  } catch (err) {
    return ConnectError.from(err);
  }
}
