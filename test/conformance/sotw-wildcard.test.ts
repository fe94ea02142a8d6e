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

describe.each(variants)('wildcard, state of the world, $service, $kind', ({ service, typeUrl }) => {
  describe.each(wildcards)('by %s', (_, names) => {
    scenario('sends everything', subscribing, async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      expect(await stream.receive(typeUrl)).toEqual({ a: 1, b: 1 });
      await stream.expectSilence();
    });

    scenario(
      'sends the full state when one changes or comes',
      'grouping-resources-into-responses',
      async ({ client, set }) => {
        await set(typeUrl, { a: 1, b: 1 });
        const stream = client.sotw({ service, typeUrl });
        stream.subscribe(typeUrl, names);
        await stream.receive(typeUrl);
        await set(typeUrl, { b: 2 });
        expect(await stream.receive(typeUrl)).toEqual({ a: 1, b: 2 });
        await set(typeUrl, { c: 1 });
        expect(await stream.receive(typeUrl)).toEqual({ a: 1, b: 2, c: 1 });
      },
    );

    scenario('deletes by leaving out, down to nothing', 'deleting-resources', async ({ client, set, remove }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      await stream.receive(typeUrl);
      await remove(typeUrl, 'b');
      expect(await stream.receive(typeUrl)).toEqual({ a: 1 });
      await remove(typeUrl, 'a');
      expect(await stream.receive(typeUrl)).toEqual({});
      await set(typeUrl, { a: 1 });
      expect(await stream.receive(typeUrl)).toEqual({ a: 1 });
    });

    scenario('answers when there is nothing', 'deleting-resources', async ({ client, set }) => {
      await set(typeUrl, {});
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      expect(await stream.receive(typeUrl)).toEqual({});
    });

    scenario('ends when only names are asked for', subscribing, async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      await stream.receive(typeUrl);
      stream.subscribe(typeUrl, ['*', 'a']);
      await stream.settle();
      stream.subscribe(typeUrl, ['a']);
      await stream.settle();
      await set(typeUrl, { a: 2, b: 2 });
      expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
      await set(typeUrl, { b: 3 });
      await stream.expectSilence();
    });

    scenario('does not come back by an empty list after names', subscribing, async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, names);
      await stream.receive(typeUrl);
      stream.subscribe(typeUrl, ['a']);
      await stream.settle();
      stream.subscribe(typeUrl, []);
      await stream.settle();
      await set(typeUrl, { a: 2, b: 2 });
      expect((await stream.settle()).flatMap((contents) => Object.keys(contents))).toEqual([]);
    });
  });

  scenario('stays one by empty lists while no name was given', subscribing, async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, []);
    await stream.receive(typeUrl);
    stream.subscribe(typeUrl, []);
    await stream.settle();
    await set(typeUrl, { b: 1 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 1, b: 1 });
  });

  scenario('comes back by * after names', subscribing, async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    stream.subscribe(typeUrl, ['*']);
    expect(await stream.receive(typeUrl)).toEqual({ a: 1, b: 1 });
  });

  scenario('sends a resource once for * and its name', 'duplicate-resource-names', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['*', 'a']);
    expect(await stream.receive(typeUrl)).toEqual({ a: 1, b: 1 });
    await stream.expectSilence();
    await set(typeUrl, { a: 2 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 2, b: 1 });
    await stream.expectSilence();
  });

  scenario(
    'names alone get the full state of these names',
    'grouping-resources-into-responses',
    async ({ client, set, remove }) => {
      await set(typeUrl, { a: 1, b: 1, c: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, ['a', 'b', 'missing']);
      expect(await stream.receive(typeUrl)).toEqual({ a: 1, b: 1 });
      await set(typeUrl, { b: 2 });
      expect(await stream.receive(typeUrl)).toEqual({ a: 1, b: 2 });
      await remove(typeUrl, 'a');
      expect(await stream.receive(typeUrl)).toEqual({ b: 2 });
    },
  );
});
