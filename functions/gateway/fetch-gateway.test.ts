import { createConnectRouter } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { unstable_readConfig as readConfig } from 'wrangler';
import { registerFunctions } from '../all-functions.ts';
import { callerSecretHeaders } from './caller-secret.ts';
import { bindingName, passThrough } from './fetch-gateway.ts';

const service = 'tailway.endpoints.v1.EndpointService';
const url = `https://functions.example/${service}/ComputeEndpoints?connect=v1`;

test('what proves the caller stays here, and everything else goes on', async () => {
  const seen: Request[] = [];
  const binding = {
    fetch(request: Request) {
      seen.push(request);
      return Promise.resolve(new Response('answer'));
    },
  };
  const secrets = Object.fromEntries(callerSecretHeaders.map((name) => [name, 'secret']));
  const headers = { ...secrets, authorization: 'Bearer token', 'content-type': 'application/proto', 'x-other': '1' };
  const request = new Request(url, { method: 'POST', headers, body: 'body' });
  const response = await passThrough(request, { FUNCTIONS_TOKEN: 'token', [bindingName(service)]: binding });
  expect(await response.text()).toBe('answer');
  const [passed] = seen;
  expect(passed?.url).toBe(url);
  expect(passed?.method).toBe('POST');
  expect(Object.fromEntries(passed?.headers ?? [])).toEqual({ 'content-type': 'application/proto', 'x-other': '1' });
  expect(await passed?.text()).toBe('body');
});

test.each([
  { name: 'no binding', bindings: {} },
  { name: 'a text in its place', bindings: { [bindingName(service)]: 'text' } },
  { name: 'nothing in its place', bindings: { [bindingName(service)]: null } },
])('$name is no function', async ({ bindings }) => {
  const request = new Request(url, { headers: { authorization: 'Bearer token' } });
  expect((await passThrough(request, { FUNCTIONS_TOKEN: 'token', ...bindings })).status).toBe(404);
});

test('a Worker that breaks down is UNAVAILABLE', async () => {
  const binding = { fetch: () => Promise.reject(new Error('Worker exceeded memory limit')) };
  const request = new Request(url, { headers: { authorization: 'Bearer token' } });
  const response = await passThrough(request, { FUNCTIONS_TOKEN: 'token', [bindingName(service)]: binding });
  expect([response.status, await response.json()]).toEqual([
    503,
    { code: 'unavailable', message: 'the function can not be reached, or has given no answer' },
  ]);
});

test('a secret that is no text opens no door', async () => {
  const request = new Request(url, { headers: { authorization: 'Bearer [object Object]' } });
  expect((await passThrough(request, { FUNCTIONS_TOKEN: {} })).status).toBe(503);
});

test('every function is bound to its Worker, which has no address of its own', () => {
  const router = createConnectRouter();
  registerFunctions(router);
  const services = [...new Set(router.handlers.map(({ service }) => service.typeName))];
  const bound: readonly { binding: string; service: string }[] =
    readConfig({ config: `${import.meta.dirname}/wrangler.jsonc` }).services ?? [];
  expect(bound.map(({ binding }) => binding).toSorted()).toEqual(services.map(bindingName).toSorted());
  for (const { service } of bound) {
    const folder = service.replace('tailway-', '');
    const worker = readConfig({ config: `${import.meta.dirname}/../${folder}/wrangler.jsonc` });
    expect([worker.name, worker.workers_dev]).toEqual([service, false]);
  }
});
