import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { Code, createClient } from '@connectrpc/connect';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EndpointService } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { connectBinary, nodeProtocols } from './protocols.ts';
import { type RunningEdge } from './running-edge.ts';
import { runWorkerEdge } from './worker-edge.ts';

// A few kilobytes that would become gigabytes: the largest requests of the smallest items there are, compressed.

const size = 31 * 2 ** 20;
const endpoints = '/tailway.endpoints.v1.EndpointService/ComputeEndpoints';
const health = '/grpc.health.v1.Health/Check';
const tooMany = { status: 429, text: 'the request has more than ' };

interface Bomb {
  readonly name: string;
  readonly path: string;
  readonly type: 'application/proto' | 'application/json';
  readonly body: Uint8Array;
  /** What it is answered. */
  readonly status: number;
  readonly text: string;
}

const bombs: readonly Bomb[] = [
  {
    name: 'empty devices',
    path: endpoints,
    type: 'application/proto',
    body: Buffer.alloc(size, Buffer.from([0x1a, 0])),
    status: 400,
    text: 'devices: must contain no more than 100000 item(s) [repeated.max_items]',
  },
  {
    name: 'unknown fields',
    path: endpoints,
    type: 'application/proto',
    body: Buffer.alloc(size, Buffer.from([0x78, 0])),
    ...tooMany,
  },
  {
    name: 'empty devices in JSON',
    path: endpoints,
    type: 'application/json',
    body: Buffer.from(`{"devices":[{}${',{}'.repeat(size / 4)}]}`),
    ...tooMany,
  },
  {
    name: 'a list that no field has, in JSON',
    path: endpoints,
    type: 'application/json',
    body: Buffer.from(`{"x":[[]${',[]'.repeat(size / 4)}]}`),
    ...tooMany,
  },
];

/** Needs no token, and no certificate. */
const healthBomb: Bomb = {
  name: 'unknown fields of a health check',
  path: health,
  type: 'application/proto',
  body: Buffer.alloc(size, Buffer.from([0x78, 0])),
  status: 429,
  text: 'is larger than configured readMaxBytes',
};

describe('a Node service with a heap of 128 MB', () => {
  let child: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const entry = `${import.meta.dirname}/../../functions/node.ts`;
    const env = { PATH: process.env['PATH'], PORT: '0', BIND_ADDRESS: '127.0.0.1' };
    const started = spawn(process.execPath, ['--max-old-space-size=128', entry], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    const [line] = (await once(started.stdout, 'data')) as [Buffer];
    ({ url } = JSON.parse(line.toString()) as { url: string });
  });

  afterAll(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });

  test.each([...bombs, healthBomb])('refuses $name', async (bomb) => {
    expect(await post(url, bomb)).toEqual([bomb.status, expect.stringContaining(bomb.text)]);
  });

  test.each(nodeProtocols)('refuses empty groups over $name', async ({ connect }) => {
    const groups = Array.from({ length: 200_000 }, () => ({}));
    const call = createClient(EndpointService, connect(url)).computeEndpoints({ groups });
    await expect(call).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: 'groups: must contain no more than 100000 item(s) [repeated.max_items]',
    });
  });

  test('refuses empty groups in the query of a GET', async () => {
    const message = gzipSync(Buffer.alloc(4 * 2 ** 20, Buffer.from([0x12, 0]))).toString('base64url');
    const query = new URLSearchParams({ connect: 'v1', encoding: 'proto', base64: '1', compression: 'gzip', message });
    const response = await fetch(`${url}${endpoints}?${query.toString()}`);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('groups: must contain')]);
  });

  test('answers all others, then as before', async () => {
    const request = { now: timestampFromMs(0), groups: [{ name: 'web', port: 80 }] };
    const { groups } = await createClient(EndpointService, connectBinary(url)).computeEndpoints(request);
    expect(groups.map(({ name }) => name)).toEqual(['web']);
  });
});

describe('a Worker behind its gateway', () => {
  let edge: RunningEdge;

  beforeAll(async () => {
    edge = await runWorkerEdge('token');
  });

  afterAll(async () => {
    await edge[Symbol.asyncDispose]();
  });

  test.each(bombs)('refuses $name', async (bomb) => {
    expect(await post(edge.url, bomb)).toEqual([bomb.status, expect.stringContaining(bomb.text)]);
  });
});

async function post(url: string, { path, type, body }: Bomb): Promise<[number, string]> {
  const compressed = gzipSync(body);
  expect(compressed.length).toBeLessThan(40_000);
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': type, 'content-encoding': 'gzip', authorization: 'Bearer token' },
    body: compressed,
  });
  return [response.status, await response.text()];
}
