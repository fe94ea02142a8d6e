import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { type ComputeEndpointsRequest, EndpointService } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { connectBinary } from '../edge/protocols.ts';
import { buildWorkerBundle, workerNames } from '../edge/worker-bundle.ts';
import { runWorkers } from '../edge/workerd.ts';

/** A place where a function runs, and the way to it. */
export interface Place {
  readonly name: string;
  call(request: ComputeEndpointsRequest): Promise<unknown>;
}

/** Places that are ready, until they are disposed of. */
export interface Places extends AsyncDisposable {
  readonly all: readonly Place[];
}

const token = 'bench';

/** Starts a Node service of its own process, and the Workers with their gateway in workerd. */
export async function startPlaces(): Promise<Places> {
  const folder = await mkdtemp(join(tmpdir(), 'tailway-bench-'));
  await Promise.all(workerNames.map((name) => buildWorkerBundle(name, folder)));
  const [service, workers] = await Promise.all([startNodeService(), runWorkers(folder, token)]);
  return {
    all: [
      { name: 'in process', call: (request) => Promise.resolve(computeEndpoints(request)) },
      place('Node service, gRPC', createGrpcTransport({ baseUrl: service.url })),
      place('Node service, Connect', createConnectTransport({ baseUrl: service.url, httpVersion: '2' })),
      place('workerd, gateway, Connect', connectBinary(workers.url, { authorization: `Bearer ${token}` })),
    ],
    async [Symbol.asyncDispose]() {
      await workers[Symbol.asyncDispose]();
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function place(name: string, transport: Transport): Place {
  const client = createClient(EndpointService, transport);
  return { name, call: (request) => client.computeEndpoints(request) };
}

async function startNodeService(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const entry = join(import.meta.dirname, '../../functions/endpoints/node.ts');
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env['PATH'], PORT: '0', BIND_ADDRESS: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    exited.then(() => Promise.reject(new Error('the Node service has not started'))),
  ])) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
