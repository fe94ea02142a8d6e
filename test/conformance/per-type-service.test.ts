import { describe, expect } from 'vitest';

import { types, type TypeUrl } from './resources.ts';
import { scenario } from './scenario.ts';

const section = 'rpc-services-and-methods-for-each-variant';
const implicit = '' as TypeUrl;

describe.each(Object.entries(types))('the service of one type, %s', (_, typeUrl) => {
  const other = typeUrl === types.cluster ? types.listener : types.cluster;

  scenario('serves no other type, state of the world', section, async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    await set(other, { a: 1 });
    const stream = client.sotw({ service: 'per type', typeUrl });
    stream.subscribe(other, ['a']);
    await stream.expectSilence();
  });

  scenario('serves no other type, incremental', section, async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    await set(other, { a: 1 });
    const stream = client.delta({ service: 'per type', typeUrl });
    stream.subscribe(other, ['a']);
    await stream.expectSilence();
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
