import { create, fromBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { computeDataPlane } from '../../functions/dataplane/dataplane.ts';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { ClusterLoadAssignmentSchema } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ComputeDataPlaneRequestSchema } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { GroupSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from '../telemetry/log.ts';
import { type PublisherOptions, createPublisher } from './publisher.ts';
import { createResourceCache } from '../xds/resource-cache.ts';
import { typeUrls } from '../xds/resource.ts';

const device = (id: string, address: string, more: Partial<Device> = {}) =>
  create(DeviceSchema, { id, addresses: [address], authorized: true, tags: ['tag:weight-1'], ...more } as Device);

/** A publisher whose functions, clock and log the test is the master of. */
function createBench(
  overrides: Partial<PublisherOptions['functions']> = {},
  more: Pick<PublisherOptions, 'onComputed' | 'debounceMs'> = {},
) {
  const errors: string[] = [];
  const timers: { callback: () => void; ms: number; armed: boolean }[] = [];
  let now = 1_000_000;
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (_, message) => void errors.push(message),
    child: () => log,
  };
  const cache = createResourceCache();
  let transactions = 0;
  cache.observe(() => transactions++);
  const publisher = createPublisher({
    functions: {
      computeEndpoints: async (request) => computeEndpoints(request),
      computeDataPlane: async (request) => computeDataPlane(request),
      ...overrides,
    },
    cache,
    sidecars: {
      group: create(GroupSchema, { name: 'eds_backend', port: 8080 }),
      dataPlane: create(ComputeDataPlaneRequestSchema),
    },
    clock: {
      now: () => now,
      monotonicMs: () => now,
      setTimeout(callback, ms) {
        const timer = { callback, ms, armed: true };
        timers.push(timer);
        return () => (timer.armed = false);
      },
    },
    log,
    ...more,
  });
  return {
    cache,
    errors,
    publisher,
    transactions: () => transactions,
    async pass(ms: number) {
      now += ms;
      for (const timer of timers.splice(0)) if (timer.armed && timer.ms <= ms) timer.callback();
      await publisher.settled();
    },
    /** Somebody sets the time of day. */
    step: (ms: number) => void (now += ms),
    armed: () => timers.filter(({ armed }) => armed).map(({ ms }) => ms),
    addresses() {
      const resource = cache.view(typeUrls.endpoint).get('eds_backend');
      if (resource === undefined) return undefined;
      const { endpoints } = fromBinary(ClusterLoadAssignmentSchema, resource.body);
      return endpoints.flatMap(({ lbEndpoints }) =>
        lbEndpoints.map(({ hostIdentifier: { value } }) =>
          typeof value === 'object' && value.address?.address.case === 'socketAddress'
            ? value.address.address.value.address
            : '?',
        ),
      );
    },
  };
}

describe('a publisher', () => {
  it('serves nothing before the first devices, then everything at once', async () => {
    const { cache, publisher, transactions, addresses } = createBench();
    await publisher.settled();
    expect(cache.synced).toBe(false);
    publisher.devices([device('a', '100.64.0.1')]);
    await publisher.settled();
    expect(transactions()).toBe(1);
    expect(Object.values(typeUrls).map((typeUrl) => cache.view(typeUrl).wildcard().length)).toEqual([1, 1, 1, 1]);
    expect(addresses()).toEqual(['100.64.0.1']);
  });

  it('computes one at a time, and the newest input wins', async () => {
    const seen: number[] = [];
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { publisher, addresses } = createBench({
      async computeEndpoints(request) {
        seen.push(request.devices.length);
        await gate;
        return computeEndpoints(request);
      },
    });
    publisher.devices([device('a', '100.64.0.1')]);
    await Promise.resolve();
    publisher.devices([device('a', '100.64.0.1'), device('b', '100.64.0.2')]);
    publisher.devices([device('c', '100.64.0.3'), device('d', '100.64.0.4'), device('e', '100.64.0.5')]);
    open();
    await publisher.settled();
    expect(seen.at(-1)).toBe(3);
    expect(seen).not.toContain(2);
    expect(addresses()).toEqual(['100.64.0.3', '100.64.0.4', '100.64.0.5']);
  });

  it('keeps what it served when a function fails, and tries again', async () => {
    let broken = false;
    const { publisher, addresses, errors, pass } = createBench({
      async computeEndpoints(request) {
        if (broken) throw new Error('edge away');
        return computeEndpoints(request);
      },
    });
    publisher.devices([device('a', '100.64.0.1')]);
    await publisher.settled();
    broken = true;
    publisher.devices([device('b', '100.64.0.2')]);
    await publisher.settled();
    expect(addresses()).toEqual(['100.64.0.1']);
    expect(errors).toHaveLength(1);
    broken = false;
    await pass(1000);
    expect(addresses()).toEqual(['100.64.0.2']);
  });

  it('computes again when time alone changes the answer', async () => {
    const { publisher, addresses, armed, pass } = createBench();
    publisher.devices([device('a', '100.64.0.1', { expires: timestampFromMs(1_060_000) }), device('b', '100.64.0.2')]);
    await publisher.settled();
    expect(addresses()).toEqual(['100.64.0.1', '100.64.0.2']);
    expect(armed()).toEqual([60_000]);
    await pass(60_000);
    expect(addresses()).toEqual(['100.64.0.2']);
  });

  it('notices within a minute that the time of day was set beyond the end of a key, and computes nothing before', async () => {
    let computations = 0;
    const { publisher, addresses, pass, step, armed } = createBench({}, { onComputed: () => computations++ });
    const expires = timestampFromMs(1_000_000 + 7_200_000);
    publisher.devices([device('a', '100.64.0.1', { expires }), device('b', '100.64.0.2')]);
    await publisher.settled();
    await pass(60_000);
    expect(addresses()).toEqual(['100.64.0.1', '100.64.0.2']);
    expect(armed()).toEqual([60_000]);
    expect(computations).toBe(1);
    step(7_200_000);
    await pass(60_000);
    expect(addresses()).toEqual(['100.64.0.2']);
    expect(armed()).toEqual([]);
  });

  it('serves further groups while they are wanted', async () => {
    const { cache, publisher } = createBench();
    const names = () =>
      cache
        .view(typeUrls.endpoint)
        .wildcard()
        .map(({ name }) => name);
    publisher.groups([create(GroupSchema, { name: 'web', port: 80, selectorTags: ['tag:web'] })]);
    await publisher.settled();
    expect(cache.synced).toBe(false);
    publisher.devices([device('a', '100.64.0.1')]);
    await publisher.settled();
    expect(names()).toEqual(['eds_backend', 'web']);
    publisher.groups([]);
    await publisher.settled();
    expect(names()).toEqual(['eds_backend']);
  });

  it('changes nothing for unchanged devices', async () => {
    const { publisher, transactions } = createBench();
    publisher.devices([device('a', '100.64.0.1')]);
    await publisher.settled();
    publisher.devices([device('a', '100.64.0.1')]);
    await publisher.settled();
    expect(transactions()).toBe(1);
  });

  it('computes the groups that a change touches, and no others', async () => {
    const asked: string[][] = [];
    const posted: number[] = [];
    const told: string[][] = [];
    const { cache, publisher } = createBench(
      {
        async computeEndpoints(request) {
          asked.push(request.groups.map(({ name }) => name));
          posted.push(request.devices.length);
          return computeEndpoints(request);
        },
      },
      { onComputed: ({ changed }) => void told.push(changed.map(({ name }) => name)) },
    );
    const devices = Array.from({ length: 3000 }, (_, i) =>
      device(`d${i}`, `100.64.${i >> 8}.${i & 255}`, { tags: ['tag:weight-1', `tag:service-${i % 1000}`] }),
    );
    const groups = Array.from({ length: 1000 }, (_, i) =>
      create(GroupSchema, { name: `g${i}`, port: 80, selectorTags: [`tag:service-${i}`] }),
    );
    publisher.groups(groups);
    publisher.devices(devices);
    await publisher.settled();
    expect(new Set(asked.flat()).size).toBe(1001);
    expect(Math.max(...posted.toSorted((a, b) => a - b).slice(0, -1))).toBeLessThanOrEqual(1000);

    asked.length = posted.length = told.length = 0;
    const before = new Map(
      cache
        .view(typeUrls.endpoint)
        .wildcard()
        .map((resource) => [resource.name, resource]),
    );
    publisher.devices(devices.with(7, device('d7', '100.64.0.7', { tags: ['tag:weight-1', 'tag:service-8'] })));
    await publisher.settled();
    // Its old group, its new group, and the sidecars', which is over what a call holds and has one for itself.
    expect(asked.flat().toSorted()).toEqual(['eds_backend', 'g7', 'g8']);
    expect(posted.toSorted((a, b) => a - b)).toEqual([6, 3000]);
    expect(told).toEqual([['eds_backend', 'g7', 'g8']]);
    const kept = cache
      .view(typeUrls.endpoint)
      .wildcard()
      .filter((resource) => before.get(resource.name) === resource);
    expect(kept).toHaveLength(1001 - 2);

    asked.length = 0;
    publisher.groups(groups.with(3, create(GroupSchema, { name: 'g3', port: 81, selectorTags: ['tag:service-3'] })));
    await publisher.settled();
    expect(asked).toEqual([['g3']]);
  });

  it('computes nothing for what no function looks at', async () => {
    let calls = 0;
    const { publisher, transactions } = createBench({
      async computeEndpoints(request) {
        calls++;
        return computeEndpoints(request);
      },
    });
    const attributes = (value: string): Partial<Device> => ({
      online: true,
      attributes: { 'node:osVersion': { value } as never },
      lastSeen: timestampFromMs(value.length),
    });
    publisher.devices([device('a', '100.64.0.1', attributes('6.1'))]);
    await publisher.settled();
    publisher.devices([device('a', '100.64.0.1', attributes('6.12'))]);
    await publisher.settled();
    expect(calls).toBe(1);
    expect(transactions()).toBe(1);
  });

  it('publishes first when every group is there, but waits for none that can never be', async () => {
    let away = true;
    const { cache, publisher, pass } = createBench({
      async computeEndpoints(request) {
        if (away) throw new ConnectError('away', Code.Unavailable);
        if (request.groups.some(({ name }) => name === 'bad')) throw new ConnectError('bad', Code.InvalidArgument);
        return computeEndpoints(request);
      },
    });
    const names = () =>
      cache
        .view(typeUrls.endpoint)
        .wildcard()
        .map(({ name }) => name);
    publisher.groups(['a', 'bad', 'c'].map((name) => create(GroupSchema, { name, port: 80 })));
    publisher.devices([device('a', '100.64.0.1')]);
    await publisher.settled();
    expect(cache.synced).toBe(false);
    away = false;
    await pass(1000);
    expect(names()).toEqual(['a', 'c', 'eds_backend']);
  });

  it('collects changes for a moment where that is wanted', async () => {
    let calls = 0;
    const { publisher, pass, addresses } = createBench(
      {
        async computeEndpoints(request) {
          calls++;
          return computeEndpoints(request);
        },
      },
      { debounceMs: 20 },
    );
    publisher.devices([device('a', '100.64.0.1')]);
    publisher.devices([device('b', '100.64.0.2')]);
    expect(calls).toBe(0);
    await pass(20);
    expect(calls).toBe(1);
    expect(addresses()).toEqual(['100.64.0.2']);
  });

  it('waits for its next try when something is due while the function is away', async () => {
    let broken = false;
    const { publisher, armed, pass, addresses } = createBench({
      async computeEndpoints(request) {
        if (broken) throw new ConnectError('away', Code.Unavailable);
        return computeEndpoints(request);
      },
    });
    publisher.devices([device('a', '100.64.0.1', { expires: timestampFromMs(1_060_000) }), device('b', '100.64.0.2')]);
    await publisher.settled();
    broken = true;
    await pass(60_000);
    expect(armed()).toEqual([1000]);
    await pass(1000);
    expect(armed()).toEqual([2000]);
    expect(addresses()).toEqual(['100.64.0.1', '100.64.0.2']);
    broken = false;
    await pass(2000);
    expect(addresses()).toEqual(['100.64.0.2']);
  });
});
