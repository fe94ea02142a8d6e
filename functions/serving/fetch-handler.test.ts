import { type ConnectRouter } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { EndpointService } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { registerEndpoints } from '../endpoints/handler.ts';
import { createFetchHandler } from './fetch-handler.ts';
import { maxRequestBytes } from './limits.ts';
import { schemaVersion, schemaVersionHeader } from './schema-version.ts';

const url = 'http://functions/tailway.endpoints.v1.EndpointService/ComputeEndpoints';

function post(body: string, address = url): Request {
  return new Request(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

test('a fault of ours is told to the log, and not to the caller', async () => {
  const failures: unknown[] = [];
  const routes = (router: ConnectRouter) => {
    router.service(EndpointService, {
      computeEndpoints() {
        throw new TypeError('a bug');
      },
    });
  };
  const handle = createFetchHandler(routes, (method, { cause }) => failures.push([method, cause]));
  const response = await handle(post('{}'));
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('a bug');
  expect(failures).toEqual([['tailway.endpoints.v1.EndpointService/ComputeEndpoints', new TypeError('a bug')]]);
});

test('every response tells the version, that of no function as well', async () => {
  const handle = createFetchHandler(registerEndpoints);
  const responses = await Promise.all([
    handle(post('{ "now": "2026-01-01T00:00:00Z" }')),
    handle(post('{}')),
    handle(post('no JSON')),
    handle(post('{}', 'http://functions/other')),
  ]);
  expect(responses.map(({ status }) => status)).toEqual([200, 400, 400, 404]);
  expect(responses.map(({ headers }) => headers.get(schemaVersionHeader))).toEqual(
    responses.map(() => String(schemaVersion)),
  );
});

test('a request beyond the limit is refused', async () => {
  const handle = createFetchHandler(registerEndpoints);
  const response = await handle(post(`{"unhealthy":["${'x'.repeat(maxRequestBytes)}"]}`));
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([429, 'resource_exhausted']);
});
