import { toBinary } from '@bufbuild/protobuf';
import { createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestHarness } from 'wrangler';
import {
  ComputeEndpointsRequestSchema,
  ComputeEndpointsResponseSchema,
  EndpointService,
} from '../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { computeEndpoints } from './endpoints/endpoints.ts';
import { registerEndpoints } from './endpoints/handler.ts';
import { readGoldenCases } from './golden/node.ts';
import { type FunctionServer, serveFunctions } from './serving/node.ts';

// The local runtime is to ask nobody on the internet.
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
process.env['WRANGLER_SEND_METRICS'] = 'false';

// What a function says in this process, it must say in workerd and in a Node service, byte by byte. `npm run test:edge`
// asks all functions thousands of requests, over the protocols that are not here.

const requests = readGoldenCases(
  `${import.meta.dirname}/endpoints/testdata/compute-endpoints`,
  ComputeEndpointsRequestSchema,
).map(({ request }) => request);

const expected = requests.map((request) => toBinary(ComputeEndpointsResponseSchema, computeEndpoints(request)));

const harness = createTestHarness({ workers: [{ configPath: `${import.meta.dirname}/endpoints/wrangler.jsonc` }] });
const origins = new Map<string, string>();
let server: FunctionServer;

beforeAll(async () => {
  server = await serveFunctions({ routes: registerEndpoints, bindAddress: '127.0.0.1', port: 0 });
  origins.set('a Node service', server.url);
  origins.set('workerd', (await harness.listen()).url.origin);
});

afterAll(async () => {
  await Promise.all([harness.close(), server.close()]);
});

const protocols: readonly { name: string; where: readonly string[]; create: (baseUrl: string) => Transport }[] = [
  {
    name: 'Connect with GET',
    where: ['workerd', 'a Node service'],
    create: (baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true, useHttpGet: true }),
  },
  {
    name: 'gRPC-Web on HTTP/2',
    where: ['a Node service'],
    create: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2' }),
  },
];

const ways = protocols.flatMap(({ where, ...protocol }) => where.map((place) => ({ place, ...protocol })));

test.each(ways)('$place answers the same over $name', async ({ place, create }) => {
  const client = createClient(EndpointService, create(origins.get(place) ?? ''));
  const answers = await Promise.all(
    requests.map(async (request) => toBinary(ComputeEndpointsResponseSchema, await client.computeEndpoints(request))),
  );
  expect(answers).toEqual(expected);
});

test('another path is not found in workerd', async () => {
  expect((await fetch(`${origins.get('workerd')}/`)).status).toBe(404);
});
