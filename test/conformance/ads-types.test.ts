import { describe, expect } from 'vitest';

import { types, type TypeUrl } from './resources.ts';
import { scenario } from './scenario.ts';

const unknownType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret' as TypeUrl;

describe('types on one aggregated stream', () => {
  scenario('are refused on their own, state of the world', 'xds-protocol-ads', async ({ client, set }) => {
    await set(types.cluster, { a: 1 });
    await set(types.listener, { a: 1 });
    const stream = client.sotw();
    stream.subscribe(types.cluster, ['a']);
    stream.subscribe(types.listener, ['a']);
    stream.nack(await stream.next(types.cluster));
    await stream.receive(types.listener);
    await set(types.listener, { a: 2 });
    expect(await stream.receive(types.listener)).toEqual({ a: 2 });
    await stream.expectSilence();
    await set(types.listener, { a: 3 });
    stream.nack(await stream.next(types.listener));
    await set(types.cluster, { a: 2 });
    expect(await stream.receive(types.cluster)).toEqual({ a: 2 });
    await stream.expectSilence();
  });

  scenario('are refused on their own, incremental', 'xds-protocol-ads', async ({ client, set }) => {
    await set(types.cluster, { a: 1 });
    await set(types.listener, { a: 1 });
    const stream = client.delta();
    stream.subscribe(types.cluster, ['a']);
    stream.subscribe(types.listener, ['a']);
    stream.nack(await stream.next(types.cluster));
    await stream.receive(types.listener);
    await set(types.listener, { a: 2 });
    expect(await stream.receive(types.listener)).toEqual({ a: 2 });
    await stream.expectSilence();
    await set(types.listener, { a: 3 });
    stream.nack(await stream.next(types.listener));
    await set(types.cluster, { a: 2 });
    expect(await stream.receive(types.cluster)).toEqual({ a: 2 });
    await stream.expectSilence();
  });

  scenario('may be unknown to the server, state of the world', 'xds-protocol-ads', async ({ client, set }) => {
    await set(types.cluster, { a: 1 });
    const stream = client.sotw();
    stream.subscribe(types.cluster, ['a']);
    stream.subscribe(unknownType, ['secret']);
    expect(await stream.receive(types.cluster)).toEqual({ a: 1 });
    await stream.settle();
    await set(types.cluster, { a: 2 });
    expect(await stream.receive(types.cluster)).toEqual({ a: 2 });
  });

  scenario('may be unknown to the server, incremental', 'xds-protocol-ads', async ({ client, set }) => {
    await set(types.cluster, { a: 1 });
    const stream = client.delta();
    stream.subscribe(types.cluster, ['a']);
    stream.subscribe(unknownType, ['secret']);
    expect(await stream.receive(types.cluster)).toEqual({ a: 1 });
    await stream.settle();
    await set(types.cluster, { a: 2 });
    expect(await stream.receive(types.cluster)).toEqual({ a: 2 });
  });

  scenario(
    'have versions and nonces of their own',
    'ack-nack-and-resource-type-instance-version',
    async ({ client, set }) => {
      await set(types.cluster, { a: 1 });
      await set(types.endpoint, { a: 1 });
      const stream = client.sotw();
      stream.subscribe(types.cluster, ['a']);
      stream.subscribe(types.endpoint, ['a']);
      const clusters = await stream.next(types.cluster);
      const endpoints = await stream.next(types.endpoint);
      expect(clusters.nonce).not.toBe(endpoints.nonce);
      stream.ack(endpoints);
      stream.ack(clusters);
      await stream.expectSilence();
    },
  );
});
