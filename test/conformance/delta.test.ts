import { describe, expect } from 'vitest';

import { deltaContentsOf } from './delta-stream.ts';
import { types } from './resources.ts';
import { scenario } from './scenario.ts';
import type { Service } from './services.ts';

const services: readonly Service[] = ['aggregated', 'per type'];
const variants = services.flatMap((service) =>
  Object.entries(types).map(([kind, typeUrl]) => ({ service, kind, typeUrl })),
);

describe.each(variants)('incremental, $service, $kind', ({ service, typeUrl }) => {
  scenario(
    'sends what is subscribed to, and is silent after the ACK',
    'xds-protocol-delta',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, ['a']);
      const response = await stream.next(typeUrl);
      expect(deltaContentsOf(response)).toEqual({ a: 1 });
      expect(response.nonce).not.toBe('');
      stream.ack(response);
      await stream.expectSilence();
    },
  );

  scenario('sends of several the one that changed', 'grouping-resources-into-responses', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1, c: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'b']);
    expect(await stream.settle()).toEqual({ a: 1, b: 1 });
    await set(typeUrl, { b: 2, c: 2 });
    expect(await stream.receive(typeUrl)).toEqual({ b: 2 });
    await stream.expectSilence();
  });

  scenario('does not send unchanged content again', 'when-to-send-an-update', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    await set(typeUrl, { a: 1 });
    await stream.expectSilence();
  });

  scenario('gives each content a version of its own', 'xds-protocol-delta', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    const first = await stream.next(typeUrl);
    stream.ack(first);
    await set(typeUrl, { a: 2 });
    const second = await stream.next(typeUrl);
    expect(second.resources[0]?.version).not.toBe(first.resources[0]?.version);
    expect(second.nonce).not.toBe(first.nonce);
  });

  scenario(
    'does not send refused content again, but sends new content',
    'when-to-send-an-update',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, ['a']);
      stream.nack(await stream.next(typeUrl));
      await stream.expectSilence();
      await set(typeUrl, { a: 1 });
      await stream.expectSilence();
      await set(typeUrl, { a: 2 });
      expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
    },
  );

  scenario('tells a removal, and sends what comes back', 'deleting-resources', async ({ client, set, remove }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'b']);
    await stream.settle();
    await remove(typeUrl, 'b');
    expect(await stream.receive(typeUrl)).toEqual({ b: 'removed' });
    await stream.expectSilence();
    await set(typeUrl, { b: 1 });
    expect(await stream.receive(typeUrl)).toEqual({ b: 1 });
  });

  scenario(
    'tells that a name does not exist, and sends it when it does',
    'xds-protocol-delta',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, ['a', 'late']);
      expect(await stream.settle()).toEqual({ a: 1, late: 'removed' });
      await set(typeUrl, { late: 1 });
      expect(await stream.receive(typeUrl)).toEqual({ late: 1 });
    },
  );

  scenario('tells that a name subscribed to later does not exist', 'xds-protocol-delta', async ({ client, set }) => {
    await set(typeUrl, { a: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    stream.subscribe(typeUrl, ['missing']);
    expect(await stream.receive(typeUrl)).toEqual({ missing: 'removed' });
    await stream.expectSilence();
  });

  scenario('adds names to a subscription', 'xds-protocol-delta-subscribe', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a']);
    await stream.receive(typeUrl);
    stream.subscribe(typeUrl, ['b']);
    expect(await stream.receive(typeUrl)).toEqual({ b: 1 });
    await set(typeUrl, { a: 2 });
    expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
  });

  scenario('is silent on what was unsubscribed', 'xds-protocol-unsubscribe', async ({ client, set, remove }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'b']);
    await stream.settle();
    stream.unsubscribe(typeUrl, ['b']);
    await stream.settle();
    await set(typeUrl, { b: 2 });
    await stream.expectSilence();
    await remove(typeUrl, 'b');
    await stream.expectSilence();
  });

  scenario(
    'sends again what is subscribed to again after an unsubscription',
    'xds-protocol-delta-subscribe',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, ['a', 'b']);
      await stream.settle();
      stream.unsubscribe(typeUrl, ['b']);
      await stream.settle();
      stream.subscribe(typeUrl, ['b']);
      expect(await stream.receive(typeUrl)).toEqual({ b: 1 });
    },
  );

  scenario('sends again what is subscribed to once more', 'xds-protocol-delta-subscribe', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'b']);
    await stream.settle();
    stream.subscribe(typeUrl, ['b']);
    expect(await stream.receive(typeUrl)).toEqual({ b: 1 });
    await stream.expectSilence();
  });

  scenario(
    'ignores an unsubscription of what was never subscribed to',
    'xds-protocol-unsubscribe',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, ['a']);
      await stream.receive(typeUrl);
      stream.unsubscribe(typeUrl, ['phantom']);
      await stream.settle();
      await set(typeUrl, { a: 2, phantom: 1 });
      expect(await stream.receive(typeUrl)).toEqual({ a: 2 });
    },
  );

  scenario(
    'takes an empty subscription for nothing',
    'how-the-client-specifies-what-resources-to-return',
    async ({ client, set }) => {
      await set(typeUrl, { a: 1, b: 1 });
      const stream = client.delta({ service, typeUrl });
      stream.subscribe(typeUrl, ['a']);
      await stream.receive(typeUrl);
      stream.unsubscribe(typeUrl, ['a']);
      await stream.settle();
      await set(typeUrl, { a: 2, b: 2 });
      await stream.expectSilence();
    },
  );

  scenario('honours subscriptions of a request with a stale nonce', 'xds-protocol-delta', async ({ client, set }) => {
    await set(typeUrl, { a: 1, b: 1, c: 1 });
    const stream = client.delta({ service, typeUrl });
    stream.subscribe(typeUrl, ['a', 'c']);
    const first = await stream.next(typeUrl);
    stream.ack(first);
    await set(typeUrl, { a: 2 });
    await stream.next(typeUrl);
    stream.subscribe(typeUrl, ['b'], { nonce: first.nonce, unsubscribe: ['c'] });
    expect(await stream.settle()).toMatchObject({ b: 1 });
    await set(typeUrl, { c: 2 });
    await stream.expectSilence();
  });
});
