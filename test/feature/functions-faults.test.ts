import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerFunctions } from '../../functions/all-functions.ts';
import { type FunctionServer, serveFunctions } from '../../functions/serving/node.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { edgeDevice, type EdgeShim, selectorResource, startEdgeShim } from '../edge-faults/edge-shim.ts';
import { type EdgeFault, type FaultyEdge, startFaultyEdge } from '../edge-faults/faulty-edge.ts';

// A shim whose functions are elsewhere, an Envoy's stream and Envoy Gateway's hooks, and an edge that fails in every way.

const token = 'tk-of-the-shim';

/** Of each kind one; the others differ for the client alone. */
const faults: readonly EdgeFault[] = [
  'hang',
  'unauthorized',
  'not-found',
  'rate-limited',
  'failing',
  'noise',
  'half',
  'other-schema',
];

let server: FunctionServer;

beforeAll(async () => {
  const address = { bindAddress: '127.0.0.1', port: 0 };
  server = await serveFunctions({ ...address, routes: registerFunctions, tokens: `next,${token}` });
});

afterAll(() => server.close());

describe('a shim whose edge', () => {
  let edge: FaultyEdge;
  let shim: EdgeShim;
  let group: ReturnType<EdgeShim['follow']>;
  let round = 0;

  beforeAll(async () => {
    edge = await startFaultyEdge(server.url);
    shim = await startEdgeShim(edge.url, {
      args: ['--functions-timeout=5s'],
      environment: { FUNCTIONS_TOKEN: `${token},the next one` },
      devices: [edgeDevice(1)],
      resources: [selectorResource('web-0', 'tag:web')],
    });
    group = shim.follow('eds_backend');
    await group.toBe(['100.64.0.1']);
  });

  afterAll(async () => {
    await shim[Symbol.asyncDispose]();
    await edge[Symbol.asyncDispose]();
  });

  const injected = (service: string) =>
    waitFor(`the cluster of ${service}`, async () =>
      (await shim.injectedClusters()).includes(`external-backend-${service}`) ? true : undefined,
    );

  it('is well is asked for everything', async () => {
    await injected('web-0');
    expect([...edge.calls.keys()].toSorted()).toEqual(['ComputeClusters', 'ComputeDataPlane', 'ComputeEndpoints']);
    const metrics = await shim.metrics();
    for (const name of ['clusters', 'dataplane', 'endpoints']) {
      expect(metrics).toContain(`calls_total{function="${name}",result="ok",place="remote"}`);
    }
    expect(metrics).not.toContain('place="fallback"');
  });

  it.each(faults)(
    'has the fault %s serves what changes all the same, and asks it again when it is well',
    async (fault) => {
      round++;
      edge.set(fault);
      const devices = [edgeDevice(1), edgeDevice(10 + round)];
      await shim.devices(devices);
      await shim.resources(`more-${round}`, [selectorResource(`web-${round}`, 'tag:web')]);
      await group.toBe(devices.flatMap(({ addresses }) => addresses));
      await injected(`web-${round}`);
      const metrics = await shim.metrics();
      for (const name of ['clusters', 'endpoints']) {
        expect(metrics).toMatch(new RegExp(`calls_total\\{function="${name}",result="ok",place="fallback"\\} [1-9]`));
      }
      edge.set('well');
      await Promise.all([shim.closedCircuit('endpoints'), shim.closedCircuit('clusters')]);
      const before = new Map(edge.calls);
      await shim.devices([edgeDevice(1)]);
      await shim.resources(`back-${round}`, [selectorResource(`back-${round}`, 'tag:web')]);
      await group.toBe(['100.64.0.1']);
      await injected(`back-${round}`);
      for (const name of ['ComputeEndpoints', 'ComputeClusters']) {
        expect(edge.calls.get(name)).toBeGreaterThan(before.get(name) ?? 0);
      }
    },
  );

  it('failed so often has told it in metrics and the log, and no secret', async () => {
    const metrics = await shim.metrics();
    const results = [...metrics.matchAll(/function="endpoints",result="([^"]+)",place="remote"/g)].map(
      ([, each]) => each,
    );
    expect(new Set(results)).toEqual(
      new Set(['garbage', 'not-found', 'ok', 'rate-limited', 'skew', 'timeout', 'unauthenticated', 'unavailable']),
    );
    const moves = shim.process
      .log()
      .filter(({ message, function: name }) => name === 'endpoints' && message.startsWith('a function runs'))
      .map(({ message }) => (message.endsWith('again') ? 'back' : 'away'));
    expect(moves.length).toBeGreaterThanOrEqual(2 * faults.length);
    // A line for a change of place, and none for a call.
    expect(moves).toEqual(moves.map((_, i) => (i % 2 === 0 ? 'away' : 'back')));
    expect(shim.process.process.lines.join('\n')).not.toContain(token);
    expect(metrics).not.toContain(token);
    expect(group.broken).toBe(false);
    expect(group.seen.every((addresses) => addresses.includes('100.64.0.1'))).toBe(true);
  });
});

describe('a shim without a fallback', () => {
  it('keeps what is published while its edge is down, and serves what changed when it is back', async () => {
    await using edge = await startFaultyEdge(server.url);
    await using shim = await startEdgeShim(edge.url, {
      args: ['--functions-fallback=none'],
      environment: { FUNCTIONS_TOKEN: token },
      devices: [edgeDevice(1)],
    });
    const group = shim.follow('eds_backend');
    await group.toBe(['100.64.0.1']);
    edge.set('failing');
    await shim.devices([edgeDevice(2)]);
    await waitFor('the failure in the log', () =>
      shim.process.log().find(({ message }) => message === 'failed to compute endpoints: the last good ones stay'),
    );
    await shim.follow('eds_backend').toBe(['100.64.0.1']);
    edge.set('well');
    await group.toBe(['100.64.0.2']);
    expect(await shim.metrics()).not.toContain('place="fallback"');
  });

  it('serves nothing when its edge is down at the start, and all of it when it is there', async () => {
    await using edge = await startFaultyEdge(server.url);
    edge.set('bad-gateway');
    await using shim = await startEdgeShim(edge.url, {
      args: ['--functions-fallback=none'],
      environment: { FUNCTIONS_TOKEN: token },
      devices: [edgeDevice(1)],
    });
    await waitFor('the failure in the log', () =>
      shim.process.log().find(({ message }) => message === 'failed to compute endpoints: the last good ones stay'),
    );
    const group = shim.follow('eds_backend');
    expect((await fetch(`http://127.0.0.1:${shim.process.healthPort}/readyz`)).status).toBe(503);
    edge.set('well');
    await group.toBe(['100.64.0.1']);
    expect(group.seen).toHaveLength(1);
  });
});
