import { Client, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { type TestTailnet, createTestTailnet } from './test-tailnet.ts';

const method = '/test.Greeter/Hello';
const identity = (buffer: Buffer) => buffer;

/** A gRPC server that answers with its name. */
async function startGreeter(tailnet: TestTailnet, name: string): Promise<{ host: string; port: number }> {
  const server = new Server();
  server.addService(
    {
      hello: {
        path: method,
        requestStream: false,
        responseStream: false,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    },
    {
      hello: (_call: unknown, callback: (err: null, answer: Buffer) => void) => callback(null, Buffer.from(name)),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (err, bound) =>
      err === null ? resolve(bound) : reject(err),
    );
  });
  tailnet.defer(async () => server.forceShutdown());
  return { host: name, port };
}

function hello(client: Client): Promise<string> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method,
      identity,
      identity,
      Buffer.alloc(0),
      { deadline: Date.now() + 5000 },
      (err, answer) => (err === null ? resolve(answer?.toString() ?? '') : reject(err)),
    );
  });
}

async function shares(client: Client, calls: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < calls; i++) {
    const name = await hello(client);
    counts[name] = (counts[name] ?? 0) + 100 / calls;
  }
  return counts;
}

describe('a gRPC client that resolves xds:///', () => {
  it('balances by the weights, and follows a change', async () => {
    await using tailnet = await createTestTailnet();
    const greeters = await Promise.all(['west', 'east'].map((name) => startGreeter(tailnet, name)));
    const devices = greeters.map(({ host, port }, index) => ({
      nodeId: host,
      addresses: ['127.0.0.1'],
      authorized: true,
      tags: [`tag:weight-${index + 1}`],
      attributes: { 'custom:lb-port': port },
    }));
    await tailnet.write(devices);
    const shim = await tailnet.shim([`--devices=${tailnet.devicesFile}`]);
    // Read when the resolver registers.
    process.env['GRPC_XDS_BOOTSTRAP_CONFIG'] = JSON.stringify({
      xds_servers: [
        {
          server_uri: `127.0.0.1:${shim.xdsPort}`,
          channel_creds: [{ type: 'insecure' }],
          server_features: ['xds_v3'],
        },
      ],
      node: { id: 'grpc', locality: {} },
    });
    const { register } = await import('@grpc/grpc-js-xds');
    register();
    const client = new Client('xds:///envoy-cluster', credentials.createInsecure());
    tailnet.defer(async () => client.close());

    await waitFor('the first answer', () => hello(client));
    // The client draws at random: a point off is one standard deviation, and six of them are allowed.
    expect(await shares(client, 2000)).toEqual({
      west: expect.closeTo(100 / 3, -1.1),
      east: expect.closeTo(200 / 3, -1.1),
    });
    await tailnet.write(devices.slice(1));
    await waitFor('the change', async () => {
      const now = await shares(client, 20);
      return now['west'] === undefined ? true : undefined;
    });
  });
});
