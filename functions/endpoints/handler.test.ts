import { type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { violationsToProto } from '@bufbuild/protovalidate';
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import {
  type AddressFamily,
  type ComputeEndpointsRequestSchema,
  EndpointService,
  type SimulateEndpointsRequestSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { registerEndpoints } from './handler.ts';

type RequestInit = MessageInitShape<typeof ComputeEndpointsRequestSchema>;

const [, ViolationsSchema] = violationsToProto([]);

const client = createClient(EndpointService, createRouterTransport(registerEndpoints));
const now = timestampFromMs(Date.UTC(2026, 5, 1));

test('a valid request is computed', async () => {
  const response = await client.computeEndpoints({ now, groups: [{ name: 'web', port: 80 }] });
  expect(response.groups.map(({ name }) => name)).toEqual(['web']);
});

test('a valid simulation is computed', async () => {
  const response = await client.simulateEndpoints({ inputs: { now }, scenarios: [{ name: 's' }] });
  expect(response.scenarios.map(({ name }) => name)).toEqual(['s']);
});

test.each<{ name: string; request: MessageInitShape<typeof SimulateEndpointsRequestSchema>; message: string }>([
  {
    name: 'no inputs',
    request: { scenarios: [{ name: 's' }] },
    message: 'inputs: value is required [required]',
  },
  {
    name: 'no scenario',
    request: { inputs: { now } },
    message: 'scenarios: must contain at least 1 item(s) [repeated.min_items]',
  },
  {
    name: 'two scenarios of one name',
    request: { inputs: { now }, scenarios: [{ name: 's' }, { name: 's' }] },
    message: 'scenarios[1].name: must be unique, but scenarios[0] and scenarios[1] have the same [scenarios.unique]',
  },
  {
    name: 'two devices of one identifier',
    request: { inputs: { now, devices: [{ id: 'n1' }, { id: 'n1' }] }, scenarios: [{ name: 's' }] },
    message: 'inputs.devices[1].id: must be unique, but devices[0] and devices[1] have the same [devices.unique]',
  },
  {
    name: 'an empty host',
    request: { inputs: { now }, scenarios: [{ name: 's', hostsDown: [''] }] },
    message: 'scenarios[0].hosts_down[0]: must be at least 1 characters [string.min_len]',
  },
])('an invalid simulation is refused: $name', async ({ request, message }) => {
  await expect(client.simulateEndpoints(request)).rejects.toMatchObject({
    code: Code.InvalidArgument,
    rawMessage: message,
  });
});

describe('an invalid request is refused with the fields in question', () => {
  const rows: { name: string; request: RequestInit; rule: string; message: string }[] = [
    { name: 'no time', request: {}, rule: 'required', message: 'now: value is required [required]' },
    {
      name: 'a group without a name',
      request: { now, groups: [{ port: 80 }] },
      rule: 'string.min_len',
      message: 'groups[0].name: must be at least 1 characters [string.min_len]',
    },
    {
      name: 'a group without a port',
      request: { now, groups: [{ name: 'web' }] },
      rule: 'uint32.gte_lte',
      message: 'groups[0].port: must be greater than or equal to 1 and less than or equal to 65535 [uint32.gte_lte]',
    },
    {
      name: 'an unknown preference',
      request: { now, groups: [{ name: 'web', port: 80, addressFamily: 9 as AddressFamily }] },
      rule: 'enum.defined_only',
      message: 'groups[0].address_family: value must be one of the defined enum values [enum.defined_only]',
    },
    {
      name: 'a weight of zero',
      request: { now, groups: [{ name: 'web', port: 80, localityWeights: { 'tag:west': 0 } }] },
      rule: 'uint32.gte_lte',
      message:
        'groups[0].locality_weights["tag:west"]: must be greater than or equal to 1 and less than or equal to 1000000 [uint32.gte_lte]',
    },
    {
      name: 'a device without an identifier',
      request: { now, devices: [{ name: 'web-1' }] },
      rule: 'string.min_len',
      message: 'devices[0].id: must be at least 1 characters [string.min_len]',
    },
    {
      name: 'two devices of one identifier',
      request: { now, devices: [{ id: 'n1' }, { id: 'n2' }, { id: 'n1' }] },
      rule: 'devices.unique',
      message: 'devices[2].id: must be unique, but devices[0] and devices[2] have the same [devices.unique]',
    },
    {
      name: 'two groups of one name',
      request: {
        now,
        groups: [
          { name: 'web', port: 80 },
          { name: 'web', port: 81 },
        ],
      },
      rule: 'groups.unique',
      message: 'groups[1].name: must be unique, but groups[0] and groups[1] have the same [groups.unique]',
    },
  ];

  test.each(rows)('$name', async ({ request, rule, message }) => {
    const error = await refusalOf(request);
    expect(error.rawMessage).toBe(message);
    const [detail] = error.findDetails(ViolationsSchema);
    expect(detail?.violations.map(({ ruleId }) => ruleId)).toEqual([rule]);
  });

  test('many violations are told in part', async () => {
    const error = await refusalOf({ now, devices: Array.from({ length: 5000 }, () => ({ id: '' })) });
    expect(error.rawMessage).toMatch(/, and 4980 more$/);
    expect(error.findDetails(ViolationsSchema)[0]?.violations).toHaveLength(20);
  });

  test('a violation with a huge path is shortened', async () => {
    const localityWeights = { ['x'.repeat(100_000)]: 0 };
    const error = await refusalOf({ now, groups: [{ name: 'web', port: 80, localityWeights }] });
    expect(error.rawMessage.length).toBeLessThan(500);
    expect(error.findDetails(ViolationsSchema)[0]?.violations).toEqual([]);
  });
});

async function refusalOf(request: RequestInit): Promise<ConnectError> {
  const error = await client.computeEndpoints(request).then(
    () => undefined,
    (err: unknown) => ConnectError.from(err),
  );
  expect(error?.code).toBe(Code.InvalidArgument);
  return error ?? new ConnectError('not refused');
}
