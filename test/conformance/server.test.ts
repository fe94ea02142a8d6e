import { describe, expect } from 'vitest';

import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { buildLargeLoadAssignment, types } from './resources.ts';
import { promise, scenario } from './scenario.ts';
import { serviceNames } from './services.ts';

describe('the server', () => {
  promise('sends nothing before the first sync, and then what was asked for', async ({ client, set }) => {
    const sotw = client.sotw();
    sotw.subscribe(types.cluster, ['*']);
    const delta = client.delta();
    delta.subscribe(types.endpoint, ['a', 'missing']);
    await sotw.expectSilence();
    await delta.expectSilence();
    await set(types.endpoint, { a: 1 });
    expect(await sotw.receive(types.cluster)).toEqual({});
    expect(await delta.settle()).toEqual({ a: 1, missing: 'removed' });
  });

  promise(
    'has the same versions for the same content, whatever the way to it',
    async ({ connect, set, remove, reset }) => {
      const versions = async () => {
        const client = connect();
        const stream = client.sotw();
        stream.subscribe(types.cluster, ['a']);
        stream.subscribe(types.endpoint, ['a', 'b']);
        const delta = client.delta();
        delta.subscribe(types.cluster, ['a']);
        return [
          (await stream.next(types.cluster)).versionInfo,
          (await stream.next(types.endpoint)).versionInfo,
          (await delta.next(types.cluster)).resources[0]?.version,
        ];
      };
      await set(types.cluster, { a: 1, b: 2 });
      await set(types.endpoint, { a: 1, b: 1 });
      const straight = await versions();
      await reset();
      await set(types.cluster, { b: 1, c: 1 });
      await set(types.cluster, { b: 2, a: 1 });
      await remove(types.cluster, 'c');
      await set(types.endpoint, { b: 1 });
      await set(types.endpoint, { a: 1 });
      expect(await versions()).toEqual(straight);
    },
  );

  promise('serves one node alone when told to', async ({ connect, set, reset }) => {
    await reset({ nodeId: 'the-one' });
    await set(types.cluster, { a: 1 });
    const stranger = connect().sotw({ nodeId: 'another' });
    stranger.subscribe(types.cluster, ['a']);
    const strangerDelta = connect().delta({ nodeId: 'another' });
    strangerDelta.subscribe(types.cluster, ['a']);
    const known = connect().sotw({ nodeId: 'the-one' });
    known.subscribe(types.cluster, ['a']);
    expect(await known.receive(types.cluster)).toEqual({ a: 1 });
    await stranger.expectSilence();
    await strangerDelta.expectSilence();
  });

  promise('answers gRPC health checks', async ({ client, set }) => {
    await set(types.cluster, { a: 1 });
    const path = '/grpc.health.v1.Health/Check';
    const { status } = await client.call(path, HealthCheckRequestSchema, HealthCheckResponseSchema, {});
    expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
  });

  promise('answers gRPC reflection', async ({ client, set }) => {
    await set(types.cluster, { a: 1 });
    const { messageResponse } = await client.call(
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      ServerReflectionRequestSchema,
      ServerReflectionResponseSchema,
      { messageRequest: { case: 'listServices', value: '*' } },
    );
    if (messageResponse.case !== 'listServicesResponse') throw new Error(`answered with ${messageResponse.case}`);
    expect(messageResponse.value.service.map(({ name }) => name)).toEqual(expect.arrayContaining(serviceNames));
  });

  scenario('carries large resources', 'grouping-resources-into-responses', async ({ client, apply }) => {
    const endpoints = 60_000;
    await apply({ set: [buildLargeLoadAssignment('a', 1, endpoints)] });
    const sotw = client.sotw();
    sotw.subscribe(types.endpoint, ['a']);
    const delta = client.delta();
    delta.subscribe(types.endpoint, ['a']);
    expect(await sotw.receive(types.endpoint)).toEqual({ a: 1 });
    expect(await delta.receive(types.endpoint)).toEqual({ a: 1 });
    await apply({ set: [buildLargeLoadAssignment('a', 2, endpoints)] });
    expect(await sotw.receive(types.endpoint)).toEqual({ a: 2 });
    expect(await delta.receive(types.endpoint)).toEqual({ a: 2 });
  });

  scenario('takes long lists of names', 'basic-protocol-overview', async ({ client, set }) => {
    await set(types.endpoint, { a: 1 });
    const names = Array.from({ length: 5000 }, (_, index) => `a-group-with-quite-a-long-name/${index}`);
    const stream = client.sotw();
    stream.subscribe(types.endpoint, [...names, 'a']);
    expect(await stream.receive(types.endpoint)).toEqual({ a: 1 });
    await set(types.endpoint, { 'a-group-with-quite-a-long-name/4999': 1 });
    expect(await stream.receive(types.endpoint)).toMatchObject({ 'a-group-with-quite-a-long-name/4999': 1 });
  });

  scenario('keeps many streams of one connection apart', 'four-variants', async ({ client, set }) => {
    const names = Array.from({ length: 100 }, (_, index) => `group-${index}`);
    await set(types.endpoint, Object.fromEntries(names.map((name) => [name, 1])));
    const streams = names.map((name) => {
      const stream = client.delta({ service: 'per type', typeUrl: types.endpoint });
      stream.subscribe(types.endpoint, [name]);
      return stream;
    });
    const first = await Promise.all(streams.map((stream) => stream.receive(types.endpoint)));
    expect(first).toEqual(names.map((name) => ({ [name]: 1 })));
    await set(types.endpoint, { 'group-42': 2 });
    expect(await streams[42]?.receive(types.endpoint)).toEqual({ 'group-42': 2 });
    await Promise.all(streams.map((stream) => stream.expectSilence()));
  });

  scenario('goes on when other streams break off', 'four-variants', async ({ client, connect, set }) => {
    await set(types.cluster, { a: 1 });
    const stream = client.sotw();
    stream.subscribe(types.cluster, ['a']);
    await stream.receive(types.cluster);
    const cancelled = client.delta();
    cancelled.subscribe(types.cluster, ['a']);
    await cancelled.next(types.cluster);
    cancelled.grpc.cancel();
    const leaving = connect();
    const cut = leaving.sotw();
    cut.subscribe(types.cluster, ['a']);
    await cut.next(types.cluster);
    leaving.close();
    await set(types.cluster, { a: 2 });
    expect(await stream.receive(types.cluster)).toEqual({ a: 2 });
  });

  scenario('does not need the node in later requests', 'basic-protocol-overview', async ({ client, set }) => {
    await set(types.cluster, { a: 1 });
    await set(types.listener, { a: 1 });
    const stream = client.sotw();
    stream.subscribe(types.cluster, ['a']);
    await stream.receive(types.cluster);
    stream.subscribe(types.listener, ['a']);
    expect(await stream.receive(types.listener)).toEqual({ a: 1 });
  });
});
