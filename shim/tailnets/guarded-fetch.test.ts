import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAllowedTargets } from '../../functions/service-endpoint/allowed-target.ts';
import { createFakeTailscale, type FakeTailscale } from '../../test/fake-tailscale/fake-tailscale.ts';
import { systemClock } from '../timing/clock.ts';
import { createJsonClient } from '../sources/json-request.ts';
import { type Resolve, createGuardedFetch } from './guarded-fetch.ts';

let fake: FakeTailscale;
beforeEach(async () => {
  fake = await createFakeTailscale();
  fake.setDevices([{ id: '1' }]);
});
afterEach(() => fake.close());

const never = new AbortController().signal;

/** Asks for devices at a name, which leads where the test says. */
function ask(allowTargets: readonly string[], addresses: readonly string[], path = '/api/v2/tailnet/-/devices') {
  const resolve: Resolve = (name, done) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (name === 'api.example.com') done(null, found);
    else done(new Error(`asked about ${name}`), []);
  };
  const fetch = createGuardedFetch(parseAllowedTargets(allowTargets), resolve);
  const request = createJsonClient({ fetch, clock: systemClock, timeoutMs: 10_000 });
  const url = new URL(`http://api.example.com:${new URL(fake.url).port}${path}`);
  return request({ url, headers: { authorization: `Bearer ${fake.apiKey}` }, remedies: {} }, never);
}

test.each([['127.0.0.1'], ['::1'], ['169.254.169.254'], ['::ffff:127.0.0.1']])(
  'a name that leads to %s is not asked',
  async (address) => {
    expect(await ask([], [address])).toMatchObject({
      failure: { reason: 'unreachable', detail: expect.stringMatching(/\(FORBIDDEN_ADDRESS\): .*--allow-targets/) },
    });
    expect(fake.requests).toHaveLength(0);
  },
);

test.each([[['127.0.0.1']], [['api.example.com']], [['.example.com']]])(
  'it is asked when %j allow it',
  async (allowed) => {
    expect(await ask(allowed, ['127.0.0.1'])).toEqual({ ok: true, value: { devices: [{ id: '1' }] } });
  },
);

test('of several addresses those that may be asked are', async () => {
  expect(await ask(['127.0.0.1'], ['169.254.169.254', '127.0.0.1'])).toMatchObject({ ok: true });
});

test('a redirect leads nowhere', async () => {
  fake.fault('redirect');
  expect(await ask(['127.0.0.1'], ['127.0.0.1'])).toMatchObject({
    failure: { detail: expect.stringContaining('answers with a redirect (302)') },
  });
  expect(fake.requests).toHaveLength(1);
});

test('a form is posted, and faults are told as they are', async () => {
  const fetch = createGuardedFetch(parseAllowedTargets([]));
  const request = createJsonClient({ fetch, clock: systemClock, timeoutMs: 10_000 });
  const { clientId, clientSecret } = fake.oauthClient;
  const form = (secret: string) =>
    new URLSearchParams({ client_id: clientId, client_secret: secret, grant_type: 'client_credentials' });
  const post = (secret: string) =>
    request({ url: new URL(`${fake.url}/api/v2/oauth/token`), headers: {}, form: form(secret), remedies: {} }, never);
  expect(await post(clientSecret)).toMatchObject({ ok: true, value: { access_token: expect.any(String) } });
  expect(await post('wrong')).toMatchObject({ failure: { reason: 'unauthorized' } });
  fake.fault('reset');
  expect(await post(clientSecret)).toMatchObject({ failure: { reason: 'unreachable' } });
});

test.each(['hang', 'stall', 'reset', 'reset-body', 'garbage', 'huge', 'truncated'] as const)(
  'an API that does %s fails the request, and nothing else',
  async (fault) => {
    fake.fault(fault);
    const fetch = createGuardedFetch(parseAllowedTargets([]));
    const client = (timeoutMs: number) => createJsonClient({ fetch, clock: systemClock, timeoutMs, maxBytes: 100_000 });
    const url = new URL(`${fake.url}/api/v2/tailnet/-/devices`);
    const headers = { authorization: `Bearer ${fake.apiKey}` };
    expect(await client(300)({ url, headers, remedies: {} }, never)).toMatchObject({ ok: false });
    fake.fault();
    expect(await client(30_000)({ url, headers, remedies: {} }, never)).toMatchObject({ ok: true });
  },
);

test('a name that there is not is told as that', async () => {
  const fetch = createGuardedFetch(parseAllowedTargets([]));
  const request = createJsonClient({ fetch, clock: systemClock, timeoutMs: 10_000 });
  const answer = await request({ url: new URL('http://nobody.invalid/'), headers: {}, remedies: {} }, never);
  expect(answer).toMatchObject({ failure: { reason: 'unreachable', detail: expect.stringMatching(/\(E[A-Z_]+\)/) } });
});
