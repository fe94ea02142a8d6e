import { describe, expect } from 'vitest';

import { types, type TypeUrl } from './resources.ts';
import { promise, scenario } from './scenario.ts';

const section = 'rpc-services-and-methods-for-each-variant';
const implicit = '' as TypeUrl;

describe.each(Object.entries(types))('the service of one type, %s', (_, typeUrl) => {
  const other = typeUrl === types.cluster ? types.listener : types.cluster;

  scenario('serves no other type, state of the world', section, async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    await set(other, { a: 1 });
    const stream = client.sotw({ service: 'per type', typeUrl });
    stream.subscribe(other, ['a']);
    expect((await stream.grpc.drain()).map((response) => response.typeUrl)).not.toContain(other);
  });

  scenario('serves no other type, incremental', section, async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    await set(other, { a: 1 });
    const stream = client.delta({ service: 'per type', typeUrl });
    stream.subscribe(other, ['a']);
    expect((await stream.grpc.drain()).map((response) => response.typeUrl)).not.toContain(other);
  });

  promise('ends a stream that asks for another type, as INVALID_ARGUMENT', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const sotw = client.sotw({ service: 'per type', typeUrl });
    sotw.subscribe(other, ['a']);
    const delta = client.delta({ service: 'per type', typeUrl });
    delta.subscribe(other, ['a']);
    expect(await Promise.all([sotw.grpc.ended, delta.grpc.ended])).toMatchObject([{ code: 3 }, { code: 3 }]);
  });

  scenario('needs no type URL, state of the world', section, async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service: 'per type', typeUrl });
    stream.subscribe(implicit, ['a']);
    expect(await stream.receive(typeUrl)).toEqual({ a: 1 });
  });

  scenario('needs no type URL, incremental', section, async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.delta({ service: 'per type', typeUrl });
    stream.subscribe(implicit, ['a']);
    expect(await stream.receive(typeUrl)).toEqual({ a: 1 });
  });
});
