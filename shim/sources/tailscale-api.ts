import { createApiKey, createOAuthToken } from './access-token.ts';
import { apiBase } from './api-list.ts';
import type { Clock } from '../timing/clock.ts';
import type { Answer, JsonRequest, RequestJson } from './json-request.ts';

/** Who asks: an API key, or an OAuth client. */
export type TailscaleCredentials =
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'oauth'; readonly clientId: string; readonly clientSecret: string };

/** The part of Tailscale's API that devices come from. Answers are what the API says, not looked at. */
export interface TailscaleApi {
  /** `{devices: […]}`. */
  devices(signal: AbortSignal): Promise<Answer<unknown>>;
  /** `{attributes, expiries}` of one device. */
  attributes(deviceId: string, signal: AbortSignal): Promise<Answer<unknown>>;
}

/** What a client of Tailscale's API is made of. */
export interface TailscaleApiOptions {
  /** The origin, without `/api/v2`. */
  readonly apiUrl: string;
  /** The tailnet's name; `-`: the credentials' own. */
  readonly tailnet: string;
  readonly credentials: TailscaleCredentials;
  readonly request: RequestJson;
  readonly clock: Clock;
}

/**
 * A client of Tailscale's API. A token that is refused is renewed, and the request tried with it, once.
 *
 * https://tailscale.com/api
 */
export function createTailscaleApi(options: TailscaleApiOptions): TailscaleApi {
  const { tailnet, credentials, request, clock } = options;
  const base = apiBase(options.apiUrl);
  const token =
    credentials.kind === 'api-key'
      ? createApiKey(credentials.key)
      : createOAuthToken({ ...credentials, url: new URL(`${base}/api/v2/oauth/token`), request, clock });
  const who = credentials.kind === 'api-key' ? 'the API key' : 'the token of the OAuth client';

  async function get(
    path: string,
    remedies: JsonRequest['remedies'],
    signal: AbortSignal,
    again = true,
  ): Promise<Answer<unknown>> {
    const bearer = await token.get(signal);
    if (!bearer.ok) return bearer;
    const url = new URL(`${base}/api/v2/${path}`);
    const answer = await request({ url, headers: { authorization: `Bearer ${bearer.value}` }, remedies }, signal);
    const stale = !answer.ok && answer.failure.reason === 'unauthorized' && token.refused(bearer.value);
    return stale && again ? get(path, remedies, signal, false) : answer;
  }

  const unauthorized = `${who} is refused: it is wrong, expired or revoked, and has to be replaced`;
  return {
    devices: (signal) =>
      get(
        `tailnet/${encodeURIComponent(tailnet)}/devices?fields=all`,
        {
          unauthorized,
          forbidden: `${who} needs the scope devices:core:read`,
          'not-found': 'check the name of the tailnet ("-" is the one of the credentials) and the API address',
        },
        signal,
      ),
    attributes: (deviceId, signal) =>
      get(
        `device/${encodeURIComponent(deviceId)}/attributes`,
        { unauthorized, forbidden: `${who} needs the scope devices:posture_attributes:read` },
        signal,
      ),
  };
}
