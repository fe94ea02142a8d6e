import { describe, expect } from 'vitest';

import { types } from './resources.ts';
import { scenario } from './scenario.ts';
import type { Service } from './services.ts';

const services: readonly Service[] = ['aggregated', 'per type'];
const variants = services.flatMap((service) => [
  { service, kind: 'clusters', typeUrl: types.cluster },
  { service, kind: 'listeners', typeUrl: types.listener },
]);
const wildcards = [
  ['an empty first list', []],
  ['the name *', ['*']],
] as const;
const subscribing = 'how-the-client-specifies-what-resources-to-return';

describe.each(variants)('wildcard, incremental, $service, $kind', ({ service, typeUrl }) => {
  describe.each(wildcards)('by %s', (_, names) => {
    scenario('sends everything, then only changes', subscribing, async ({ client, set, remove }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      expect(await stream.settle()).toEqual({ a: 1, b: 1 });
      await set(typeUrl, { b: 2 });
      expect(await stream.receive(typeUrl)).toEqual({ b: 2 });
      await set(typeUrl, { c: 1 });
      expect(await stream.receive(typeUrl)).toEqual({ c: 1 });
      await remove(typeUrl, 'a');
      expect(await stream.receive(typeUrl)).toEqual({ a: 'removed' });
      await stream.expectSilence();
    });

    scenario('answers when there is nothing', 'xds-protocol-delta', async ({ client, set }) => {
      await set(typeUrl, {});
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      expect(await stream.receive(typeUrl)).toEqual({});
    });

    scenario('goes on beside a name', subscribing, async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      await stream.settle();
      stream.subscribe(typeUrl, ['a']);
      expect(await stream.receive(typeUrl)).toEqual({ a: 1 });
      await set(typeUrl, { b: 2 });
      expect(await stream.receive(typeUrl)).toEqual({ b: 2 });
    });

    scenario('ends by unsubscribing *, and names stay', subscribing, async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      await stream.settle();
      stream.subscribe(typeUrl, ['a']);
      await stream.settle();
      stream.unsubscribe(typeUrl, ['*']);
      await stream.settle();
      await set(typeUrl, { a: 2, b: 2 });
      expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
      await set(typeUrl, { b: 3, c: 1 });
      await stream.expectSilence();
      stream.unsubscribe(typeUrl, ['a']);
      await stream.settle();
      await set(typeUrl, { a: 3, b: 4 });
      await stream.expectSilence();
    });

    scenario(
      'tells after unsubscribing a name whether the wildcard still has it',
      'xds-protocol-unsubscribe',
      async ({ client, set }) => {
        await set(typeUrl, { a: 1, b: 1 });
        const stream = client.delta({ service, typeUrl });
        stream.subscribe(typeUrl, names);
        await stream.settle();
        stream.subscribe(typeUrl, ['a', 'missing']);
        await stream.settle();
        stream.unsubscribe(typeUrl, ['a', 'missing']);
        expect(await stream.settle()).toEqual({ a: 1, missing: 'removed' });
        await set(typeUrl, { a: 2 });
        expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
      },
    );
  });

  scenario('sends a resource once for * and its name', 'duplicate-resource-names', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['*', 'a']);
    expect(await stream.settle()).toEqual({ a: 1, b: 1 });
    await set(typeUrl, { a: 2 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
    await stream.expectSilence();
  });

  scenario('comes back by * after names', subscribing, async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    stream.subscribe(typeUrl, ['*']);
    expect(await stream.settle()).toMatchObject({ b: 1 });
    await set(typeUrl, { c: 1 });
    expect(await stream.receive(typeUrl)).toEqual({ c: 1 });
  });
});
