import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeTailscale, type FakeTailscale } from '../../test/fake-tailscale/fake-tailscale.ts';
import type { FaultKind } from '../../test/fake-tailscale/faults.ts';
import { systemClock } from '../timing/clock.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createJsonClient } from './json-request.ts';

let fake: FakeTailscale;
beforeEach(async () => {
  fake = await createFakeTailscale();
  fake.setDevices([{ id: '1' }]);
});
afterEach(() => fake.close());

const never = new AbortController().signal;
const remedies = { unauthorized: 'replace the key' };
const get = (key = fake.apiKey) => ({
  url: new URL(`${fake.url}/api/v2/tailnet/-/devices?fields=all`),
  headers: { authorization: `Bearer ${key}` },
  remedies,
});
const client = (maxBytes?: number) =>
  createJsonClient({ fetch, clock: systemClock, timeoutMs: 10_000, ...(maxBytes === undefined ? {} : { maxBytes }) });

test('an answer', async () => {
  expect(await client()(get(), never)).toEqual({ ok: true, value: { devices: [{ id: '1' }] } });
});

describe('a fault is a failure with its reason', () => {
  const where = /^GET http:\/\/127\.0\.0\.1:\d+\/api\/v2\/tailnet\/-\/devices /;
  const cases: readonly { kind: FaultKind; reason: string; detail: RegExp }[] = [
    { kind: 'bad-request', reason: 'invalid-answer', detail: /status 400$/ },
    { kind: 'unauthorized', reason: 'unauthorized', detail: /status 401: replace the key$/ },
    { kind: 'forbidden', reason: 'forbidden', detail: /status 403$/ },
    { kind: 'not-found', reason: 'not-found', detail: /status 404$/ },
    { kind: 'rate-limited', reason: 'rate-limited', detail: /status 429$/ },
    { kind: 'server-error', reason: 'server-error', detail: /status 500$/ },
    { kind: 'unavailable', reason: 'server-error', detail: /status 503$/ },
    { kind: 'redirect', reason: 'invalid-answer', detail: /redirect \(302\): check the API address$/ },
    { kind: 'reset', reason: 'unreachable', detail: /\((UND_ERR_SOCKET|ECONNRESET)\)/ },
    { kind: 'reset-body', reason: 'unreachable', detail: /\((UND_ERR_SOCKET|ECONNRESET)\)/ },
    { kind: 'garbage', reason: 'invalid-answer', detail: /damaged JSON/ },
    { kind: 'html', reason: 'invalid-answer', detail: /HTML, as proxies and login pages do/ },
    { kind: 'empty', reason: 'invalid-answer', detail: /an empty text \(0 bytes\)/ },
    { kind: 'truncated', reason: 'invalid-answer', detail: /damaged JSON/ },
    { kind: 'huge', reason: 'invalid-answer', detail: /more than 1000000 bytes/ },
  ];

  test.each(cases)('$kind', async ({ kind, reason, detail }) => {
    fake.fault(kind);
    const answer = await client(1_000_000)(get(), never);
    expect(answer).toMatchObject({ ok: false, failure: { reason } });
    const told = answer.ok ? '' : answer.failure.detail;
    expect(told).toMatch(where);
    expect(told).toMatch(detail);
    expect(told).not.toContain('secret');
  });

  test('nobody listens', async () => {
    await fake.close();
    const answer = await client()(get(), never);
    expect(answer).toMatchObject({
      ok: false,
      failure: { reason: 'unreachable', detail: expect.stringMatching(/ECONNREFUSED/) },
    });
  });

  test('a token that no header can carry is not quoted', async () => {
    const answer = await client()(get('secret\nkey'), never);
    expect(answer).toMatchObject({ ok: false, failure: { reason: 'unreachable' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});

describe('the time that a server asks for', () => {
  test.each([
    { name: 'in seconds', retryAfter: '7', ms: 7000 },
    { name: 'as a date', retryAfter: 'Thu, 01 Jan 2026 00:00:09 GMT', ms: 9000 },
    { name: 'as nonsense', retryAfter: 'soon', ms: undefined },
  ])('$name', async ({ retryAfter, ms }) => {
    fake.fault('rate-limited', { retryAfter });
    const clock = createFakeClock(Date.parse('2026-01-01T00:00:00Z'));
    const answer = await createJsonClient({ fetch, clock, timeoutMs: 10_000 })(get(), never);
    expect(answer.ok ? undefined : answer.failure.retryAfterMs).toBe(ms);
    expect(clock.timers()).toEqual([]);
  });
});

describe('the deadline', () => {
  test.each(['hang', 'stall'] as const)('ends a request that would %s', async (kind) => {
    fake.fault(kind);
    const clock = createFakeClock();
    const answer = createJsonClient({ fetch, clock, timeoutMs: 10_000 })(get(), never);
    await expect.poll(() => fake.requests).toHaveLength(1);
    clock.advance(10_000);
    expect(await answer).toMatchObject({
      ok: false,
      failure: { reason: 'timeout', detail: expect.stringMatching(/within 10 s$/) },
    });
  });

  test.each(['hang', 'stall'] as const)('is not needed when the caller ends what would %s', async (kind) => {
    fake.fault(kind);
    const abort = new AbortController();
    const answer = client()(get(), abort.signal);
    await expect.poll(() => fake.requests).toHaveLength(1);
    abort.abort();
    expect(await answer).toMatchObject({ ok: false });
  });

  test('nothing is asked for a caller that has ended', async () => {
    expect(await client()(get(), AbortSignal.abort())).toMatchObject({ ok: false });
    expect(fake.requests).toEqual([]);
  });
});
