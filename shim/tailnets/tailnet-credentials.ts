import type { TailnetSpec } from '../custom-resources/tailscale-tailnet-schema.ts';
import type { TailscaleCredentials } from '../sources/tailscale-api.ts';
import { formatTailnet } from '../custom-resources/tailnet-choice.ts';
import type { SecretState } from './secret-source.ts';

/** What credentials a Secret holds, or why there are none. */
export type CredentialsResult =
  | { readonly kind: 'credentials'; readonly credentials: TailscaleCredentials }
  /** The Secret has not been read yet. */
  | { readonly kind: 'pending' }
  /** `reason` is that of a condition; `detail` has the place and the remedy, and no secret. */
  | { readonly kind: 'problem'; readonly reason: CredentialsProblem; readonly detail: string };

/** Why there are no credentials. */
export type CredentialsProblem = 'SecretNotFound' | 'SecretKeyNotFound' | 'SecretForbidden' | 'SecretUnreadable';

/** The name of the Secret that a TailscaleTailnet names; it is always in the namespace of the resource. */
export function secretNameOf(spec: TailnetSpec): string {
  return spec.apiKeySecretRef?.name ?? spec.oauthClientSecretRef?.name ?? '';
}

/** Takes from a Secret what a TailscaleTailnet names in it. */
export function takeCredentials(namespace: string, spec: TailnetSpec, secret: SecretState): CredentialsResult {
  const name = secretNameOf(spec);
  const key = formatTailnet({ namespace, name });
  switch (secret.kind) {
    case 'pending':
      return { kind: 'pending' };
    case 'missing': {
      const keys = keysOf(spec)
        .map((each) => `--from-file=${each}=FILE`)
        .join(' ');
      const remedy = `create it: kubectl -n ${namespace} create secret generic ${name} ${keys}`;
      return { kind: 'problem', reason: 'SecretNotFound', detail: `there is no Secret ${key}: ${remedy}` };
    }
    case 'unreadable':
      return secret.forbidden
        ? { kind: 'problem', reason: 'SecretForbidden', detail: forbidden(namespace, name) }
        : { kind: 'problem', reason: 'SecretUnreadable', detail: `the Secret ${key} cannot be read: ${secret.detail}` };
    case 'found':
      return takeValues(key, spec, secret.values);
    default:
      return secret satisfies never;
  }
}

function forbidden(namespace: string, name: string): string {
  return `Tailway has no right to read the Secret ${namespace}/${name}: give its ServiceAccount a Role in ${namespace} with the verbs list and watch for secrets of the resourceName ${name}`;
}

function keysOf({ apiKeySecretRef, oauthClientSecretRef }: TailnetSpec): string[] {
  if (apiKeySecretRef !== undefined) return [apiKeySecretRef.key];
  return oauthClientSecretRef === undefined ? [] : [oauthClientSecretRef.idKey, oauthClientSecretRef.secretKey];
}

function takeValues(secret: string, spec: TailnetSpec, values: ReadonlyMap<string, string>): CredentialsResult {
  const [first = '', second = ''] = keysOf(spec).map((key) => values.get(key)?.trim() ?? '');
  const empty = keysOf(spec).find((key) => (values.get(key)?.trim() ?? '') === '');
  if (empty !== undefined) {
    const detail = `the Secret ${secret} has no value under the key ${empty}: add it, or name another key in the TailscaleTailnet`;
    return { kind: 'problem', reason: 'SecretKeyNotFound', detail };
  }
  return spec.apiKeySecretRef === undefined
    ? { kind: 'credentials', credentials: { kind: 'oauth', clientId: first, clientSecret: second } }
    : { kind: 'credentials', credentials: { kind: 'api-key', key: first } };
}
