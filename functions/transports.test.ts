import { toBinary } from '@bufbuild/protobuf';
import { type ConnectRouter, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestHarness } from 'wrangler';
import {
  type ComputeDataPlaneRequest,
  ComputeDataPlaneRequestSchema,
  ComputeDataPlaneResponseSchema,
  DataPlaneService,
} from '../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  ComputeEndpointsResponseSchema,
  EndpointService,
} from '../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { anyTypes } from './dataplane/any-types.ts';
import { computeDataPlane } from './dataplane/dataplane.ts';
import { registerDataPlane } from './dataplane/handler.ts';
import { arbitraryRequest } from './endpoints/arbitrary-request.ts';
import { computeEndpoints } from './endpoints/endpoints.ts';
import { registerEndpoints } from './endpoints/handler.ts';
import { readGoldenCases } from './golden/node.ts';
import { type FunctionServer, serveFunctions } from './serving/node.ts';

// The local runtime is to ask nobody on the internet.
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
process.env['WRANGLER_SEND_METRICS'] = 'false';

// What the functions say in this process, they must say in workerd and over every protocol, byte by byte.

const endpointRequests: ComputeEndpointsRequest[] = [
  ...readGoldenCases(`${import.meta.dirname}/endpoints/testdata/compute-endpoints`, ComputeEndpointsRequestSchema).map(
    ({ request }) => request,
  ),
  ...fc.sample(arbitraryRequest, { seed: 20_261, numRuns: 200 }),
];

const dataPlaneRequests: ComputeDataPlaneRequest[] = readGoldenCases(
  `${import.meta.dirname}/dataplane/testdata`,
  ComputeDataPlaneRequestSchema,
).map(({ request }) => request);

const expectedEndpoints = endpointRequests.map((request) =>
  toBinary(ComputeEndpointsResponseSchema, computeEndpoints(request)),
);

const expectedDataPlanes = dataPlaneRequests.map((request) =>
  toBinary(ComputeDataPlaneResponseSchema, computeDataPlane(request)),
);

const jsonOptions = { registry: anyTypes };

describe('workerd', () => {
  const origins = new Map<string, string>();
  const harnesses = ['endpoints', 'dataplane'].map((name) => ({
    name,
    harness: createTestHarness({ workers: [{ configPath: `${import.meta.dirname}/${name}/wrangler.jsonc` }] }),
  }));

  beforeAll(async () => {
    await Promise.all(
      harnesses.map(async ({ name, harness }) => origins.set(name, (await harness.listen()).url.origin)),
    );
  }, 60_000);

  afterAll(async () => {
    await Promise.all(harnesses.map(({ harness }) => harness.close()));
  });

  const protocols = [
    {
      name: 'Connect',
      create: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true }),
    },
    {
      name: 'Connect with JSON',
      create: (baseUrl: string) =>
        createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false, jsonOptions }),
    },
    {
      name: 'Connect with GET',
      create: (baseUrl: string) =>
        createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true, useHttpGet: true }),
    },
    { name: 'gRPC-Web', create: (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }) },
  ];

  test.each(protocols)('endpoints over $name', async ({ create }) => {
    expect(await callEndpoints(create(origins.get('endpoints') ?? ''))).toEqual(expectedEndpoints);
  });

  test.each(protocols)('dataplane over $name', async ({ create }) => {
    expect(await callDataPlane(create(origins.get('dataplane') ?? ''))).toEqual(expectedDataPlanes);
  });

  test('another path is not found', async () => {
    expect((await fetch(`${origins.get('endpoints')}/`)).status).toBe(404);
  });
});

describe('a Node service', () => {
  let server: FunctionServer;

  beforeAll(async () => {
    server = await serveFunctions({ routes, bindAddress: '127.0.0.1', port: 0 });
  });

  afterAll(async () => {
    await server.close();
  });

  const protocols = [
    { name: 'gRPC', create: (baseUrl: string) => createGrpcTransport({ baseUrl }) },
    { name: 'gRPC-Web on HTTP/2', create: (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: '2' }) },
    {
      name: 'gRPC-Web on HTTP/1.1',
      create: (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
    },
    { name: 'Connect on HTTP/2', create: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: '2' }) },
    {
      name: 'Connect with JSON on HTTP/1.1',
      create: (baseUrl: string) =>
        createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false, jsonOptions }),
    },
  ];

  test.each(protocols)('endpoints and dataplane over $name', async ({ create }) => {
    expect(await callEndpoints(create(server.url))).toEqual(expectedEndpoints);
    expect(await callDataPlane(create(server.url))).toEqual(expectedDataPlanes);
  });
});

function routes(router: ConnectRouter): void {
  registerEndpoints(router);
  registerDataPlane(router);
}

async function callEndpoints(transport: Transport): Promise<Uint8Array[]> {
  const client = createClient(EndpointService, transport);
  return await inBatches(endpointRequests, async (request) =>
    toBinary(ComputeEndpointsResponseSchema, await client.computeEndpoints(request)),
  );
}

async function callDataPlane(transport: Transport): Promise<Uint8Array[]> {
  const client = createClient(DataPlaneService, transport);
  return await inBatches(dataPlaneRequests, async (request) =>
    toBinary(ComputeDataPlaneResponseSchema, await client.computeDataPlane(request)),
  );
}

/** Calls a few at a time, and keeps the order. */
async function inBatches<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += 16) {
    results.push(...(await Promise.all(items.slice(start, start + 16).map(call))));
  }
  return results;
}
