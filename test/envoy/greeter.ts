import { Client, Metadata, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import type { TestTailnet } from './test-tailnet.ts';

const method = '/test.Greeter/Hello';
const identity = (buffer: Buffer) => buffer;

/** A gRPC server that answers with its name. */
export interface Greeter {
  readonly host: string;
  readonly port: number;
}

/** Starts a greeter; it ends with the tailnet. */
export async function startGreeter(tailnet: TestTailnet, host: string): Promise<Greeter> {
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
    { hello: (_call: unknown, callback: (err: null, answer: Buffer) => void) => callback(null, Buffer.from(host)) },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (err, bound) =>
      err === null ? resolve(bound) : reject(err),
    );
  });
  tailnet.defer(async () => server.forceShutdown());
  return { host, port };
}

/** A client of `xds:///envoy-cluster` with a bootstrap of its own; it ends with the tailnet. */
export async function createGreeterClient(tailnet: TestTailnet, xdsPort: number): Promise<Client> {
  const { register } = await import('@grpc/grpc-js-xds');
  register();
  const bootstrap = {
    xds_servers: [
      { server_uri: `127.0.0.1:${xdsPort}`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] },
    ],
    node: { id: 'grpc', locality: {} },
  };
  const client = new Client('xds:///envoy-cluster', credentials.createInsecure(), {
    // In an environment variable it could not differ from client to client.
    'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config': JSON.stringify(bootstrap),
  });
  tailnet.defer(async () => client.close());
  return client;
}

/** The name of the greeter that answers. */
export function greet(client: Client, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + 5000 };
    client.makeUnaryRequest(method, identity, identity, Buffer.alloc(0), metadata, options, (err, answer) =>
      err === null ? resolve(answer?.toString() ?? '') : reject(err),
    );
  });
}
