import { expect, test } from 'vitest';
import { findForbiddenApi } from './forbidden-api.ts';
import { tailnetFromResource } from './tailnet-from-resource.ts';

function check(apiURL: string, allowTargets: readonly string[] = []): string[] {
  const { tailnet } = tailnetFromResource({ spec: { apiURL, apiKeySecretRef: { name: 's' } } });
  if (tailnet === undefined) throw new Error(`${apiURL} is refused by its schema`);
  return findForbiddenApi(tailnet, allowTargets).map(({ detail }) => detail);
}

test.each([
  ['http://127.0.0.1:8080', 'loopback'],
  ['http://2130706433', 'loopback'],
  ['http://0x7f.1/', 'loopback'],
  ['http://localhost:8080', 'loopback'],
  ['http://169.254.169.254', 'link-local'],
  ['http://[::ffff:169.254.169.254]', 'link-local'],
  ['http://[fe80::1]', 'link-local'],
  ['http://metadata.google.internal', 'the metadata service'],
])('%s is refused', (apiURL, what) => {
  const detail = expect.stringMatching(new RegExp(`^spec\\.apiURL: .* is ${what}.*--allow-targets`));
  expect(check(apiURL)).toEqual([detail]);
});

test.each([
  'https://api.tailscale.com',
  'https://headscale.example.com:8443/',
  'http://headscale.headscale.svc.cluster.local',
  'http://10.0.0.1:8080',
  'https://[fd7a:115c:a1e0::1]',
])('%s is asked', (apiURL) => {
  expect(check(apiURL)).toEqual([]);
});

test('what is meant can be allowed', () => {
  expect(check('http://127.0.0.1:8080', ['127.0.0.0/8'])).toEqual([]);
  expect(check('http://localhost:8080', ['localhost'])).toEqual([]);
});
