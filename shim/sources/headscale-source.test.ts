import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeTailscale, type FakeTailscale } from '../../test/fake-tailscale/fake-tailscale.ts';
import { oddEntries } from '../../test/fake-tailscale/faults.ts';
import { headscaleNode } from '../../test/fake-tailscale/tailnet.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import { createHeadscaleSource } from './headscale-source.ts';

let fake: FakeTailscale;
beforeEach(async () => {
  fake = await createFakeTailscale();
  fake.setNodes([headscaleNode(1), headscaleNode(2, { online: false })]);
});
afterEach(() => fake.close());

/** What a source tells first. */
async function first(apiKey: string, apiUrl = fake.url): Promise<unknown> {
  const source = createHeadscaleSource({
    apiUrl,
    apiKey,
    pollIntervalMs: 30_000,
    requestTimeoutMs: 10_000,
    fetch,
    clock: createFakeClock(),
    random: () => 0.5,
    log: createFakeLog(),
  });
  const abort = new AbortController();
  const told = await new Promise((resolve) => {
    const sink = {
      devices: (devices: readonly object[], rejected: readonly object[]) => resolve({ devices, rejected }),
      confirmed: () => undefined,
      failed: resolve,
    };
    void source.run(sink, abort.signal);
  });
  abort.abort();
  return told;
}

test('lists the nodes, with the key as bearer', async () => {
  expect(await first(`${fake.apiKey}\n`, `${fake.url}/`)).toMatchObject({
    devices: [
      { id: '1', name: 'web-1', online: true },
      { id: '2', name: 'web-2', online: false },
    ],
    rejected: [],
  });
  expect(fake.requests).toMatchObject([{ url: '/api/v1/node', authorization: `Bearer ${fake.apiKey}` }]);
});

test('a refused key is told with its remedy', async () => {
  expect(await first('hskey-wrong')).toEqual({
    reason: 'unauthorized',
    detail: expect.stringMatching(/status 401: the API key is refused.*headscale apikeys create/),
    retryInMs: 30_000,
  });
});

test('a key that cannot be sent is told without it', async () => {
  expect(JSON.stringify(await first('hskey\nsecret'))).toMatch(/^(?!.*secret).*cannot be sent in a header/);
});

test('an answer without nodes is none', async () => {
  fake.fault('empty-object');
  expect(await first(fake.apiKey)).toMatchObject({ reason: 'invalid-answer' });
});

test('a node that cannot be read harms only itself', async () => {
  fake.fault('wrong-types');
  expect(await first(fake.apiKey)).toMatchObject({ devices: [{ id: '2' }], rejected: [{ id: '1' }] });
});

// Headscale has no attributes.
test.each(oddEntries.filter((kind) => kind !== 'bad-attributes'))(
  'an odd node (%s) harms only itself',
  async (kind) => {
    fake.fault(kind);
    expect(await first(fake.apiKey)).toMatchObject({
      devices: [{ id: '2' }],
      rejected: [{ place: expect.stringMatching(/^nodes\[0\]\.\w+/) }],
    });
  },
);
