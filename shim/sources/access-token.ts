import type { Clock } from '../timing/clock.ts';
import type { Answer, RequestFailure, RequestJson } from './json-request.ts';

/** Where the bearer token of a request comes from. */
export interface AccessToken {
  /** A token that should be good for the next request. */
  get(signal: AbortSignal): Promise<Answer<string>>;
  /** Told that `token` was refused; true if it is worth asking for another one. */
  refused(token: string): boolean;
}

/** A key that stays as it is. */
export function createApiKey(key: string): AccessToken {
  const token = usableToken(key, 'the API key cannot be sent in a header: check that it is whole and alone');
  return { get: () => Promise.resolve(token), refused: () => false };
}

/** What an OAuth client's tokens are made of. */
export interface OAuthTokenOptions {
  /** The token endpoint. */
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly request: RequestJson;
  readonly clock: Clock;
}

/** What is taken for a token's life in seconds when the answer does not say: Tailscale's. */
const usualLifetime = 3600;

/** The part of a token's life after which it is renewed. */
const renewAfter = 0.8;

/**
 * Tokens by OAuth client credentials, each used for most of its life. Whoever asks while one is being renewed waits for
 * that one.
 *
 * https://tailscale.com/kb/1215/oauth-clients
 */
export function createOAuthToken({ url, clientId, clientSecret, request, clock }: OAuthTokenOptions): AccessToken {
  let current: { readonly token: string; readonly renewAtMs: number } | undefined;
  let renewal: Promise<Answer<string>> | undefined;

  async function renew(signal: AbortSignal): Promise<Answer<string>> {
    const form = new URLSearchParams({
      client_id: clientId.trim(),
      client_secret: clientSecret.trim(),
      grant_type: 'client_credentials',
    });
    const remedy = 'the OAuth client is refused: check its id and secret, and that it was not revoked';
    const remedies = { unauthorized: remedy, forbidden: remedy };
    const answer = await request({ url, headers: {}, form, remedies }, signal);
    if (!answer.ok) return answer;
    const { access_token: token, expires_in: lifetime } = Object(answer.value) as Record<string, unknown>;
    const usable = usableToken(token, `POST ${url.origin}${url.pathname} answers without a token`);
    if (usable.ok) {
      const seconds = Number(lifetime) > 0 ? Number(lifetime) : usualLifetime;
      current = { token: usable.value, renewAtMs: clock.monotonicMs() + seconds * 1000 * renewAfter };
    }
    return usable;
  }

  return {
    get(signal) {
      if (current !== undefined && clock.monotonicMs() < current.renewAtMs) {
        return Promise.resolve({ ok: true, value: current.token });
      }
      renewal ??= renew(signal).finally(() => {
        renewal = undefined;
      });
      return renewal;
    },
    refused(token) {
      if (current?.token === token) current = undefined;
      return true;
    },
  };
}

/** Checks what `fetch` would only refuse with an error that quotes it. */
function usableToken(value: unknown, detail: string): Answer<string> {
  const token = typeof value === 'string' ? value.trim() : '';
  const failure: RequestFailure = { reason: 'unauthorized', detail };
  return /^[\x21-\x7e]+$/.test(token) ? { ok: true, value: token } : { ok: false, failure };
}
