import { expect, test } from 'vitest';
import { tailnetFromResource } from '../custom-resources/tailnet-from-resource.ts';
import type { SecretState } from './secret-source.ts';
import { takeCredentials } from './tailnet-credentials.ts';

function take(spec: object, secret: SecretState) {
  const { tailnet } = tailnetFromResource({ spec });
  if (tailnet === undefined) throw new Error('the resource is refused by its schema');
  return takeCredentials('team', tailnet, secret);
}

const found = (values: Record<string, string>): SecretState => ({
  kind: 'found',
  values: new Map(Object.entries(values)),
});
const apiKey = { apiKeySecretRef: { name: 's' } };
const oauth = { oauthClientSecretRef: { name: 's', idKey: 'id' } };

test.each([
  { name: 'an API key', spec: apiKey, values: { 'api-key': 'k\n' }, credentials: { kind: 'api-key', key: 'k' } },
  {
    name: 'an API key under a key of its own',
    spec: { apiKeySecretRef: { name: 's', key: 'x' } },
    values: { x: 'k', 'api-key': 'other' },
    credentials: { kind: 'api-key', key: 'k' },
  },
  {
    name: 'an OAuth client',
    spec: oauth,
    values: { id: 'i', 'client-secret': ' s ' },
    credentials: { kind: 'oauth', clientId: 'i', clientSecret: 's' },
  },
])('$name', ({ spec, values, credentials }) => {
  expect(take(spec, found(values))).toEqual({ kind: 'credentials', credentials });
});

test.each([
  {
    name: 'no Secret',
    spec: oauth,
    secret: { kind: 'missing' } as const,
    reason: 'SecretNotFound',
    detail:
      'there is no Secret team/s: create it: kubectl -n team create secret generic s --from-file=id=FILE --from-file=client-secret=FILE',
  },
  {
    name: 'a key that is not there',
    spec: oauth,
    secret: found({ id: 'i' }),
    reason: 'SecretKeyNotFound',
    detail:
      'the Secret team/s has no value under the key client-secret: add it, or name another key in the TailscaleTailnet',
  },
  {
    name: 'an empty value',
    spec: apiKey,
    secret: found({ 'api-key': ' \n' }),
    reason: 'SecretKeyNotFound',
    detail: 'the Secret team/s has no value under the key api-key: add it, or name another key in the TailscaleTailnet',
  },
  {
    name: 'no right',
    spec: apiKey,
    secret: { kind: 'unreadable', forbidden: true, detail: 'GET … answered 403' } as const,
    reason: 'SecretForbidden',
    detail:
      'Tailway has no right to read the Secret team/s: give its ServiceAccount a Role in team with the verbs list and watch for secrets of the resourceName s',
  },
  {
    name: 'an API server that fails',
    spec: apiKey,
    secret: { kind: 'unreadable', forbidden: false, detail: 'GET … answered 500' } as const,
    reason: 'SecretUnreadable',
    detail: 'the Secret team/s cannot be read: GET … answered 500',
  },
])('$name', ({ spec, secret, reason, detail }) => {
  expect(take(spec, secret)).toEqual({ kind: 'problem', reason, detail });
});

test('a Secret that was not read yet says nothing', () => {
  expect(take(apiKey, { kind: 'pending' })).toEqual({ kind: 'pending' });
});
