import { describe, expect } from 'vitest';

import { types } from './resources.ts';
import { promise, scenario } from './scenario.ts';
import type { Service } from './services.ts';

const services: readonly Service[] = ['aggregated', 'per type'];
const kinds = { 'load assignments': types.endpoint, 'route configurations': types.route, clusters: types.cluster };
const variants = services.flatMap((service) =>
  Object.entries(kinds).map(([kind, typeUrl]) => ({ service, kind, typeUrl })),
);

describe.each(variants)('names, state of the world, $service, $kind', ({ service, typeUrl }) => {
  scenario(
    'answers a longer list of names although the version is the same',
    'how-the-client-specifies-what-resources-to-return',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, ['a']);
      await stream.receive(typeUrl);
      stream.subscribe(typeUrl, ['a', 'b']);
      expect(await stream.receive(typeUrl)).toMatchObject({ b: 1 });
      await stream.expectSilence();
    },
  );

  scenario(
    'answers another list of names although the version is the same',
    'how-the-client-specifies-what-resources-to-return',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, ['a']);
      await stream.receive(typeUrl);
      stream.subscribe(typeUrl, ['b']);
      expect(await stream.receive(typeUrl)).toEqual({ b: 1 });
      await stream.expectSilence();
    },
  );

  scenario('sends what was not asked for to nobody', 'basic-protocol-overview', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    expect(await stream.receive(typeUrl)).toEqual({ a: 1 });
    await set(typeUrl, { b: 2, c: 1 });
    expect(await stream.settle()).toEqual([]);
  });

  scenario('remembers names that do not exist yet', 'xds-protocol-resource-not-existed', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'late']);
    await stream.settle();
    await set(typeUrl, { late: 1 });
    expect(await stream.receive(typeUrl)).toMatchObject({ late: 1 });
    await stream.expectSilence();
  });

  scenario(
    'remembers a name when nothing that is asked for exists',
    'xds-protocol-resource-not-existed',
    async ({ client, set }) => {
      await set(typeUrl, {});
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, ['late']);
      await stream.settle();
      await set(typeUrl, { late: 1 });
      expect(await stream.receive(typeUrl)).toEqual({ late: 1 });
    },
  );

  scenario('is silent on what was unsubscribed', 'xds-protocol-unsubscribing', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'b']);
    await stream.settle();
    stream.subscribe(typeUrl, ['a']);
    await stream.settle();
    await set(typeUrl, { b: 2 });
    await stream.expectSilence();
    await set(typeUrl, { a: 2 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
  });

  scenario(
    'sends again what was unsubscribed and is subscribed to again',
    'how-the-client-specifies-what-resources-to-return',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, ['a', 'b']);
      await stream.settle();
      stream.subscribe(typeUrl, ['a']);
      await stream.settle();
      stream.subscribe(typeUrl, ['a', 'b']);
      expect(await stream.receive(typeUrl)).toMatchObject({ b: 1 });
      await stream.expectSilence();
    },
  );

  scenario(
    'takes an empty list after names for nothing',
    'how-the-client-specifies-what-resources-to-return',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, ['a']);
      await stream.settle();
      stream.subscribe(typeUrl, []);
      expect((await stream.settle()).flatMap((contents) => Object.keys(contents))).toEqual([]);
      await set(typeUrl, { a: 2, b: 2 });
      expect((await stream.settle()).flatMap((contents) => Object.keys(contents))).toEqual([]);
      stream.subscribe(typeUrl, ['a']);
      expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
    },
  );

  scenario('sends a name once that is asked for twice', 'duplicate-resource-names', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'a']);
    expect(await stream.receive(typeUrl)).toEqual({ a: 1 });
    await set(typeUrl, { a: 2 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
  });
});

const partial = services.flatMap((service) => [
  { service, kind: 'load assignments', typeUrl: types.endpoint },
  { service, kind: 'route configurations', typeUrl: types.route },
]);

describe.each(partial)('partial responses, state of the world, $service, $kind', ({ service, typeUrl }) => {
  scenario('never names what is gone', 'deleting-resources', async ({ client, set, remove }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'b']);
    await stream.settle();
    await remove(typeUrl, 'b');
    expect((await stream.settle()).flatMap((contents) => Object.keys(contents))).not.toContain('b');
    await set(typeUrl, { b: 2 });
    expect(await stream.receive(typeUrl)).toMatchObject({ b: 2 });
  });

  promise('sends of many names the one that changed, and nothing when one is gone', async ({ client, set, remove }) => {
    const names = Array.from({ length: 200 }, (_, index) => `group-${index}`);
    await set(typeUrl, Object.fromEntries(names.map((name) => [name, 1])));
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, names);
    await stream.settle();
    await set(typeUrl, { 'group-7': 2 });
    expect(await stream.receive(typeUrl)).toEqual({ 'group-7': 2 });
    await remove(typeUrl, 'group-8');
    await stream.expectSilence();
    await set(typeUrl, { 'group-9': 2, 'group-10': 2 });
    expect(Object.assign({}, ...(await stream.settle()))).toEqual({ 'group-9': 2, 'group-10': 2 });
  });
});
