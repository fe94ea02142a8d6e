import { createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { EndpointService } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { startBundle } from './bundled-program.ts';

const request = {
  now: { seconds: 1_767_225_600n },
  groups: [{ name: 'web', port: 8080 }],
  devices: [
    { id: '1', name: 'west', addresses: ['100.64.0.1'], tags: ['tag:weight-1'], authorized: true },
    { id: '2', name: 'east', addresses: ['100.64.0.2'], tags: ['tag:weight-2'], authorized: true },
  ],
};

const at = /http:\/\/127\.0\.0\.1:\d+/;
const loopback = { PORT: '0', BIND_ADDRESS: '127.0.0.1' };

async function callAll(baseUrl: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  for (const createTransport of [createConnectTransport, createGrpcTransport]) {
    const client = createClient(EndpointService, createTransport({ baseUrl, httpVersion: '2' }));
    const { groups } = await client.computeEndpoints(request, { headers });
    expect(groups[0]?.localities.map(({ weight }) => weight)).toEqual([1, 2]);
    await expect(client.computeEndpoints(request)).rejects.toThrow(/unauthenticated/);
  }
}

describe('the bundled functions', () => {
  it('answer by Connect and gRPC, ask for the token, and end', async () => {
    const env = { ...loopback, FUNCTIONS_TOKEN: 'bundle-secret' };
    await using functions = await startBundle('functions', [], { env, started: at });
    const [baseUrl] = await functions.said(at);
    await callAll(baseUrl, 'bundle-secret');
    expect(await functions.stop('SIGTERM')).toBe(0);
  });

  it('answer through the bundled gateway', async () => {
    await using functions = await startBundle('functions', [], { env: { ...loopback, FUNCTIONS_TOKEN: 'inner' } });
    const [upstream] = await functions.said(at);
    const env = {
      ...loopback,
      FUNCTIONS_TOKEN: 'outer',
      FUNCTIONS_UPSTREAMS: `${EndpointService.typeName}=${upstream}`,
      FUNCTIONS_UPSTREAM_TOKEN: 'inner',
    };
    await using gateway = await startBundle('functions-gateway', [], { env, started: at });
    const [baseUrl] = await gateway.said(at);
    await callAll(baseUrl, 'outer');
    expect(await gateway.stop('SIGTERM')).toBe(0);
  });
});
