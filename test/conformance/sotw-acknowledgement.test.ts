import { describe, expect } from 'vitest';

import { types } from './resources.ts';
import { scenario, promise } from './scenario.ts';
import type { Service } from './services.ts';
import { contentsOf } from './sotw-stream.ts';

const services: readonly Service[] = ['aggregated', 'per type'];
const variants = services.flatMap((service) =>
  Object.entries(types).map(([kind, typeUrl]) => ({ service, kind, typeUrl })),
);

describe.each(variants)('state of the world, $service, $kind', ({ service, typeUrl }) => {
  scenario('answers the first request', 'basic-protocol-overview', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    const response = await stream.next(typeUrl);
    expect(contentsOf(response)).toEqual({ a: 1 });
    expect(response.nonce).not.toBe('');
    expect(response.versionInfo).not.toBe('');
  });

  scenario('is silent after an ACK', 'ack', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    await stream.expectSilence();
  });

  scenario('sends a change with another nonce and version', 'when-to-send-an-update', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    const first = await stream.next(typeUrl);
    stream.ack(first);
    await set(typeUrl, { a: 2 });
    const second = await stream.next(typeUrl);
    expect(contentsOf(second)).toEqual({ a: 2 });
    expect(second.nonce).not.toBe(first.nonce);
    expect(second.versionInfo).not.toBe(first.versionInfo);
  });

  scenario('does not send unchanged content again', 'when-to-send-an-update', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    await set(typeUrl, { a: 1 });
    await stream.expectSilence();
  });

  scenario('does not send refused content again', 'when-to-send-an-update', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    stream.nack(await stream.next(typeUrl));
    await stream.expectSilence();
    await set(typeUrl, { a: 1 });
    await stream.expectSilence();
  });

  scenario('sends new content after a NACK', 'nack', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    await set(typeUrl, { a: 2 });
    stream.nack(await stream.next(typeUrl));
    await set(typeUrl, { a: 3 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 3 });
    await stream.expectSilence();
  });

  scenario('goes back to accepted content after a NACK', 'nack', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    await set(typeUrl, { a: 2 });
    stream.nack(await stream.next(typeUrl));
    await set(typeUrl, { a: 1 });
    const later = await stream.settle();
    expect(later.every((contents) => contents['a'] === 1)).toBe(true);
    await set(typeUrl, { a: 4 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 4 });
  });

  scenario(
    'brings a client that acknowledges late to the newest content',
    'resource-updates',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1 });
      const stream = client.sotw({ service, typeUrl });
      stream.subscribe(typeUrl, ['a']);
      const first = await stream.next(typeUrl);
      await set(typeUrl, { a: 2 });
      await set(typeUrl, { a: 3 });
      stream.ack(first);
      expect((await stream.settle()).at(-1)).toEqual({ a: 3 });
    },
  );

  scenario('does not answer a request with a stale nonce', 'resource-updates', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    const first = await stream.next(typeUrl);
    stream.ack(first);
    await set(typeUrl, { a: 2 });
    const second = await stream.next(typeUrl);
    stream.subscribe(typeUrl, ['a', 'b'], { nonce: first.nonce });
    await stream.expectSilence();
    stream.ack(second);
    expect(await stream.receive(typeUrl)).toMatchObject({ b: 1 });
  });

  scenario('takes a NACK with a stale nonce for none', 'resource-updates', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.sotw({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    const first = await stream.next(typeUrl);
    stream.ack(first);
    await set(typeUrl, { a: 2 });
    const second = await stream.next(typeUrl);
    stream.nack(first);
    stream.ack(second);
    await stream.expectSilence();
    await set(typeUrl, { a: 3 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 3 });
  });

  promise('answers a client that comes back with the current version', async ({ client, connect, set }) => {
    await set(typeUrl, { a: 1 });
    const before = client.sotw({ service, typeUrl });
    before.subscribe(typeUrl, ['a']);
    const { versionInfo } = await before.next(typeUrl);
    const after = connect().sotw({ service, typeUrl });
    after.subscribe(typeUrl, ['a'], { version: versionInfo });
    expect(await after.receive(typeUrl)).toEqual({ a: 1 });
    await after.expectSilence();
  });

  promise(
    'answers a client that comes back with a version that is not served any more',
    async ({ client, connect, set }) => {
      await set(typeUrl, { a: 1 });
      const before = client.sotw({ service, typeUrl });
      before.subscribe(typeUrl, ['a']);
      const { versionInfo } = await before.next(typeUrl);
      await set(typeUrl, { a: 2 });
      const after = connect().sotw({ service, typeUrl });
      after.subscribe(typeUrl, ['a'], { version: versionInfo });
      expect(await after.receive(typeUrl)).toEqual({ a: 2 });
    },
  );
});
