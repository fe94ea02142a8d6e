import { describe, expect } from 'vitest';

import { types, type TypeUrl } from './resources.ts';
import { scenario } from './scenario.ts';
import type { Service } from './services.ts';
import type { XdsClient } from './xds-client.ts';

const services: readonly Service[] = ['aggregated', 'per type'];
const variants = services.flatMap((service) => [
  { service, how: 'names', typeUrl: types.endpoint, names: ['a', 'b', 'c'] },
  { service, how: 'names', typeUrl: types.cluster, names: ['a', 'b', 'c'] },
  { service, how: 'an empty first list', typeUrl: types.cluster, names: [] },
  { service, how: 'the name *', typeUrl: types.listener, names: ['*'] },
]);

describe.each(variants)('incremental, coming back, $service, $typeUrl by $how', ({ service, typeUrl, names }) => {
  scenario('does not send what the client has', 'xds-protocol-delta', async ({ client, connect, set }) => {
    await set(typeUrl, { a: 1, b: 1, c: 1 });
    const versions = await versionsOf(client, typeUrl);
    const stream = connect().delta({ service, typeUrl });
    stream.subscribe(typeUrl, names, { versions });
    expect(await stream.settle()).toEqual({});
    await set(typeUrl, { b: 2 });
    expect(await stream.receive(typeUrl)).toEqual({ b: 2 });
  });

  scenario('sends what is another one since', 'xds-protocol-delta', async ({ client, connect, set }) => {
    await set(typeUrl, { a: 1, b: 1, c: 1 });
    const versions = await versionsOf(client, typeUrl);
    await set(typeUrl, { b: 2 });
    const stream = connect().delta({ service, typeUrl });
    stream.subscribe(typeUrl, names, { versions });
    expect(await stream.settle()).toEqual({ b: 2 });
  });

  scenario('tells what is gone since', 'xds-protocol-delta', async ({ client, connect, set, remove }) => {
    await set(typeUrl, { a: 1, b: 1, c: 1 });
    const versions = await versionsOf(client, typeUrl);
    await remove(typeUrl, 'c');
    const stream = connect().delta({ service, typeUrl });
    stream.subscribe(typeUrl, names, { versions });
    expect(await stream.settle()).toEqual({ c: 'removed' });
  });

  scenario('sends what the client does not have', 'xds-protocol-delta', async ({ client, connect, set }) => {
    await set(typeUrl, { a: 1, b: 1, c: 1 });
    const { a = '', b = '' } = await versionsOf(client, typeUrl);
    const stream = connect().delta({ service, typeUrl });
    stream.subscribe(typeUrl, names, { versions: { a, b } });
    expect(await stream.settle()).toEqual({ c: 1 });
  });
});

describe.each(services)('incremental, coming back, %s', (service) => {
  scenario(
    'sends what is subscribed to again although its version was told',
    'xds-protocol-delta-subscribe',
    async ({ client, connect, set }) => {
      const typeUrl = types.endpoint;
      await set(typeUrl, { a: 1, b: 1 });
      const versions = await versionsOf(client, typeUrl, ['a', 'b']);
      const stream = connect().delta({ service, typeUrl });
      stream.subscribe(typeUrl, ['a', 'b'], { versions });
      await stream.settle();
      stream.subscribe(typeUrl, ['a']);
      expect(await stream.receive(typeUrl)).toEqual({ a: 1 });
    },
  );
});

/** What a client that had everything knows of it. */
async function versionsOf(
  client: XdsClient,
  typeUrl: TypeUrl,
  names = ['a', 'b', 'c'],
): Promise<Record<string, string>> {
  const stream = client.delta({ typeUrl });
  stream.subscribe(typeUrl, names);
  const versions: Record<string, string> = {};
  while (Object.keys(versions).length < names.length) {
    for (const { name, version } of (await stream.next(typeUrl)).resources) versions[name] = version;
  }
  return versions;
}
