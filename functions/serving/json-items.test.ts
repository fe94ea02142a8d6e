import { create, type DescMessage, fromJsonString, type Message, toBinary, toJsonString } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import {
  ComputeEndpointsRequestSchema,
  SimulateEndpointsRequestSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { ComputeRoutesRequestSchema } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { checkBinaryItems } from './binary-items.ts';
import { createItemCount } from './item-count.ts';
import { checkJsonItems } from './json-items.ts';
import { maxJsonTokens } from './limits.ts';

const now = timestampFromMs(0);
const devices = Array.from({ length: 100_000 }, (_, index) => ({
  id: String(index),
  name: `device ${index}, "{[:`,
  addresses: ['100.64.0.1', 'fd7a::1'],
  tags: ['tag:a', 'tag:b'],
}));

test.each<{ name: string; schema: DescMessage; request: Message }>([
  {
    name: 'a simulation of as many devices as may be',
    schema: SimulateEndpointsRequestSchema,
    request: create(SimulateEndpointsRequestSchema, {
      inputs: { now, devices },
      scenarios: [{ name: 's', hostsDown: ['a'] }],
    }),
  },
  {
    name: 'weights in maps',
    schema: ComputeEndpointsRequestSchema,
    request: create(ComputeEndpointsRequestSchema, {
      now,
      devices: devices.slice(0, 20_000),
      groups: [{ name: 'g', port: 80, endpointWeights: Object.fromEntries(devices.map(({ id }) => [id, 1])) }],
    }),
  },
  {
    name: 'routes',
    schema: ComputeRoutesRequestSchema,
    request: create(ComputeRoutesRequestSchema, {
      virtualHosts: Array.from({ length: 20_000 }, (_, index) => ({
        name: String(index),
        domains: ['a', 'b'],
        routes: [
          { name: 'r', match: { headers: [{ name: 'x-a' }], pathSpecifier: { case: 'prefix' as const, value: '/' } } },
        ],
      })),
    }),
  },
])('$name: the items are those of the same request in binary', ({ schema, request }) => {
  const json = countOf((count) => checkJsonItems(schema, encode(toJsonString(schema, request)), count));
  expect(json).toBe(countOf((count) => checkBinaryItems(schema, toBinary(schema, request), count)));
  expect(json).toBeGreaterThan(50_000);
  expect(() => checkJsonItems(schema, encode(toJsonString(schema, request)), createItemCount())).not.toThrow();
});

test('names are those of the proto too', () => {
  const text = `{ "inputs": { "devices": [{}${', { "tags": [] }'.repeat(100_000)}] } }`;
  const refusal = {
    code: Code.InvalidArgument,
    message: expect.stringContaining('inputs.devices: must contain no more'),
  };
  expect(refusalOf(SimulateEndpointsRequestSchema, text)).toMatchObject(refusal);
  const scenarios = `{ "scenarios": [{ "hosts_down": [""${',""'.repeat(300_000)}] }] }`;
  expect(refusalOf(SimulateEndpointsRequestSchema, scenarios)?.rawMessage).toMatch(/^scenarios\[0\]\.hosts_down: /);
});

test.each([
  { name: 'empty objects', text: `{"x":[{}${',{}'.repeat(maxJsonTokens)}]}` },
  { name: 'names', text: `{"x":{"":0${',"":0'.repeat(maxJsonTokens)}}}` },
  { name: 'brackets', text: '['.repeat(maxJsonTokens + 1) },
])('too many $name are RESOURCE_EXHAUSTED, whatever field has them', ({ text }) => {
  expect(refusalOf(ComputeEndpointsRequestSchema, text)?.code).toBe(Code.ResourceExhausted);
});

test('what stands in a string is not counted', () => {
  const text = JSON.stringify({ unhealthy: [`\\"${'{[,:'.repeat(maxJsonTokens)}\\`, '"'] });
  expect(refusalOf(ComputeEndpointsRequestSchema, text)).toBeUndefined();
});

test.each([
  { name: 'no JSON', text: `{"devices":[${'{},'.repeat(300_000)}` },
  { name: 'another shape', text: `{"devices":{"a":[${'0,'.repeat(300_000)}0]}}` },
])('$name is left to the decoder', ({ text }) => {
  expect(refusalOf(ComputeEndpointsRequestSchema, text)).toBeUndefined();
  expect(() => fromJsonString(ComputeEndpointsRequestSchema, text)).toThrow('cannot decode');
});

function countOf(check: (count: ReturnType<typeof createItemCount>) => void): number {
  let total = 0;
  check({ add: (items) => (total += items), checkList: () => undefined });
  return total;
}

function refusalOf(schema: DescMessage, text: string): ConnectError | undefined {
  try {
    checkJsonItems(schema, encode(text), createItemCount());
    return undefined;
  } catch (err) {
    return ConnectError.from(err);
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
