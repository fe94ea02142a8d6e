import { describe, expect, it } from 'vitest';
import { createKubeClient } from './kube-client.ts';

/** A client whose requests get no further than their login. */
const clientWith = (options: () => Promise<object>) =>
  createKubeClient({ server: new URL('http://127.0.0.1:1'), options });
const { signal } = new AbortController();

describe('a login', () => {
  it.each([
    { name: 'that hangs', signal, timeoutMs: 20 },
    { name: 'that nobody waits for any more', signal: AbortSignal.abort(), timeoutMs: 60_000 },
  ])('$name ends with the request', async (request) => {
    const client = clientWith(() => new Promise(() => undefined));
    await expect(client.request({ path: '/version', ...request })).rejects.toMatchObject({
      name: 'KubeError',
      message: 'GET /version waited for a login in vain',
    });
  });

  it('that fails is told apart from an API server that does, without its words', async () => {
    const client = clientWith(() => Promise.reject(Object.assign(new Error('token s3cret'), { code: 'ENOENT' })));
    await expect(client.request({ path: '/version', signal })).rejects.toMatchObject({
      name: 'KubeError',
      message: 'GET /version failed: no login by the kubeconfig (ENOENT)',
    });
    await expect(clientWith(async () => ({})).request({ path: '/version', signal })).rejects.toThrow(
      'GET /version failed (ECONNREFUSED)',
    );
  });
});
