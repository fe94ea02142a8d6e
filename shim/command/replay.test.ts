import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerDataPlane } from '../../functions/dataplane/handler.ts';
import { registerEndpoints } from '../../functions/endpoints/handler.ts';
import { type FunctionServer, serveFunctions } from '../../functions/serving/node.ts';
import { ComputeClustersRequestSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { ComputeDataPlaneRequestSchema } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { ComputeEndpointsRequestSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { ServiceEndpointSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { createInProcessFunctions } from '../functions/in-process-functions.ts';
import { createRecordedFunctions } from '../functions/recorded-functions.ts';
import { createRecorder } from '../functions/recorder.ts';
import { systemClock as clock } from '../timing/clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { findDifferences } from './replay-difference.ts';
import { replay } from './replay.ts';
import { createStyle } from './style.ts';

let folder: string;
let server: FunctionServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailway-replay-'));
  const recorder = createRecorder({ folder, clock, log: createFakeLog() });
  const metrics = createMetrics({ version: 'test' });
  const functions = createRecordedFunctions(createInProcessFunctions({ clock, metrics }), { recorder, clock });
  await functions.computeDataPlane(create(ComputeDataPlaneRequestSchema));
  await functions.computeClusters(
    create(ComputeClustersRequestSchema, {
      endpoints: ['a', 'b'].map((endpoint) =>
        create(ServiceEndpointSchema, {
          ref: { namespace: 'n', resource: 'r', endpoint },
          port: 443,
          protocol: 2,
          upstream: { case: 'externalTarget', value: 'example.com:443' },
        }),
      ),
    }),
  );
  await functions.computeEndpoints(
    create(ComputeEndpointsRequestSchema, {
      now: timestampFromMs(Date.parse('2026-01-01T00:00:00Z')),
      groups: [{ name: 'web', port: 80 }],
      devices: [{ id: 'a', addresses: ['100.64.0.1'], tags: ['tag:weight-2'], authorized: true }],
    }),
  );
  await recorder.settled();
  const routes = (router: ConnectRouter) => {
    registerDataPlane(router);
    registerEndpoints(router);
  };
  server = await serveFunctions({ routes, bindAddress: '127.0.0.1', port: 0, tokens: 'tk-1' });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], environment = {}) {
  const texts: string[] = [];
  const write = (text: string) => void texts.push(text);
  const status = await replay.run(args, { out: write, err: write, style: createStyle(false), environment });
  return { status, text: texts.join('') };
}

describe('a replay', () => {
  it('of what this release recorded is the same', async () => {
    expect(await run([folder])).toEqual({
      status: 0,
      text: '3 recordings: 3 the same, 0 different, 0 without an answer, 0 unreadable\n',
    });
  });

  it('asks functions elsewhere, with the token of the environment, and nobody else', async () => {
    const environment = { FUNCTIONS_TOKEN: 'tk-1' };
    const { status, text } = await run([folder, '--url', server.url, '--json'], environment);
    expect(status).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      recordings: 3,
      same: 2,
      others: [{ outcome: 'failed', function: 'clusters', detail: expect.stringContaining('404') }],
    });
    expect((await run([folder, '--url', server.url, '--function', 'endpoints'], environment)).status).toBe(0);
    const refused = await run([folder, '--url', server.url, '--function', 'endpoints'], {});
    expect(refused).toMatchObject({ status: 1, text: expect.stringContaining('FUNCTIONS_TOKEN') });
  });

  it('shows which resource comes out otherwise, and how', async () => {
    const other = await mkdtemp(join(tmpdir(), 'tailway-replay-'));
    for (const name of await readdir(folder)) {
      const text = await readFile(join(folder, name), 'utf8');
      await writeFile(join(other, name), text.replace('"loadBalancingWeight":2}', '"loadBalancingWeight":5}'));
    }
    await writeFile(join(other, '20260101T000000000Z-0000-endpoints.json'), '{"devices":[]}');
    await mkdir(join(other, '20260101T000000000Z-0001-endpoints.json'));
    await symlink('/no/such/file', join(other, '20260101T000000000Z-0002-endpoints.json'));
    const { status, text } = await run([other]);
    await rm(other, { recursive: true });
    expect(status).toBe(1);
    expect(text).toContain('groups[web].loadAssignment.endpoints[0].loadBalancingWeight: 5 -> 2');
    expect(text).toContain('unreadable: it is no recording');
    expect(text).toContain('unreadable: it is no file');
    expect(text).toContain('unreadable: it cannot be read: ENOENT');
    expect(text).toContain('6 recordings: 2 the same, 1 different, 0 without an answer, 3 unreadable');
  });

  it.each([
    { name: 'no folder', args: () => [], text: 'DIR is missing' },
    { name: 'a folder that is not there', args: () => ['/nonexistent'], text: 'ENOENT' },
    { name: 'no such function', args: () => [folder, '--function', 'routes'], text: 'must be one of' },
    { name: 'no origin', args: () => [folder, '--url', 'functions.example.com'], text: '--functions-url' },
  ])('that is called wrong says so: $name', async ({ args, text }) => {
    const outcome = await run(args());
    expect(outcome.status).toBe(2);
    expect(outcome.text).toContain(text);
  });
});

describe('differences', () => {
  it.each([
    { name: 'none', was: { a: [1, { name: 'x' }] }, is: { a: [1, { name: 'x' }] }, paths: [] },
    {
      name: 'by name, whatever the place',
      was: { groups: [{ name: 'a', weight: 1 }, { name: 'b' }] },
      is: { groups: [{ name: 'new' }, { name: 'a', weight: 2 }, { name: 'b' }] },
      paths: ['groups[a].weight', 'groups[new]'],
    },
    {
      name: 'the order alone',
      was: [{ name: 'a' }, { name: 'b' }],
      is: [{ name: 'b' }, { name: 'a' }],
      paths: [' (order)'],
    },
    { name: 'by place, where names repeat', was: [{ name: 'a' }, { name: 'a' }], is: [{ name: 'a' }], paths: ['[1]'] },
    { name: 'of kinds', was: { a: 1 }, is: { a: [1] }, paths: ['a'] },
    {
      name: 'of clusters and references',
      was: {
        clusters: [{ cluster: { name: 'c', type: 1 } }],
        refused: [{ endpoint: { namespace: 'n', resource: 'r', endpoint: 'e' } }],
      },
      is: { clusters: [{ cluster: { name: 'c', type: 2 } }], refused: [] },
      paths: ['clusters[c].cluster.type', 'refused[n/r/e]'],
    },
  ])('$name', ({ was, is, paths }) => {
    expect(findDifferences(was, is).map(({ path }) => path)).toEqual(paths);
  });
});
