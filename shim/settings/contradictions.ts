import { findDataPlaneViolations } from '../../functions/dataplane/data-plane-violation.ts';
import { settingsToDataPlane } from './data-plane-inputs.ts';
import type { Settings } from './definitions.ts';
import { deviceDefinitions } from './device-definitions.ts';
import { functionRules } from './function-contradictions.ts';

/** What to set when there is nothing to serve. */
export const nothingToServe =
  'nothing to serve: set TS_ENVOY_API_TOKEN (or TS_ENVOY_OAUTH_CLIENT_ID and TS_ENVOY_OAUTH_CLIENT_SECRET) to read a ' +
  'tailnet, --devices FILE (TAILWAY_DEVICES) to read devices from a file, --kubeconfig FILE (KUBECONFIG) to read ' +
  'resources from a cluster, or --resources DIR (TAILWAY_RESOURCES) to read them from a folder; ' +
  '`npm run demo` shows it all and needs nothing';

/** Whether devices are read at all. */
export function devicesAreRead(settings: Settings): boolean {
  return settings.devices !== undefined || settings.apiToken !== undefined || settings.oauthClientId !== undefined;
}

/** One thing that settings can be wrong in although each of them is right. */
type Rule = (settings: Settings) => readonly string[];

/**
 * What is wrong although each setting is right.
 *
 * @param unreadable the settings that are wrong themselves: what depends on them is not judged
 */
export function findContradictions(settings: Settings, unreadable: ReadonlySet<string> = new Set()): string[] {
  const readable = new Proxy(settings, {
    get(target, name, receiver) {
      if (typeof name === 'string' && unreadable.has(name)) throw new UnreadableSetting(name);
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return rules.flatMap((rule) => {
    try {
      return rule(readable);
    } catch (err) {
      if (err instanceof UnreadableSetting) return [];
      throw err;
    }
  });
}

class UnreadableSetting extends Error {}

const rules: readonly Rule[] = [
  ({ oauthClientId, oauthClientSecret }) => {
    if ((oauthClientId === undefined) === (oauthClientSecret === undefined)) return [];
    const missing = oauthClientId === undefined ? 'TS_ENVOY_OAUTH_CLIENT_ID' : 'TS_ENVOY_OAUTH_CLIENT_SECRET';
    return [`${missing}: must be set too: an OAuth client has an id and a secret`];
  },
  ({ apiToken, oauthClientId }) =>
    apiToken !== undefined && oauthClientId !== undefined
      ? ['TS_ENVOY_API_TOKEN: give an API key or an OAuth client (TS_ENVOY_OAUTH_CLIENT_ID), not both']
      : [],
  ({ apiKind, oauthClientId }) =>
    apiKind === 'headscale' && oauthClientId !== undefined
      ? ['TS_ENVOY_OAUTH_CLIENT_ID: headscale has no OAuth clients; set TS_ENVOY_API_TOKEN to an API key of it']
      : [],
  ({ apiKind, apiUrl }) =>
    apiKind === 'headscale' && apiUrl === deviceDefinitions.apiUrl.fallback
      ? ["--api-url: must be the origin of your headscale, since its API key is not for Tailscale's API, the default"]
      : [],
  ({ healthCheckTimeout, healthCheckInterval }) =>
    healthCheckTimeout > healthCheckInterval
      ? ['--health-check-timeout: must not be longer than --health-check-interval']
      : [],
  ...functionRules,
  (settings) =>
    findDataPlaneViolations(settingsToDataPlane(settings)).map(
      ({ path, message }) => `${dataPlaneFlags[path] ?? path}: ${message}`,
    ),
];

/** The flags of what the data plane's function looks at beyond its single values. */
const dataPlaneFlags: Readonly<Record<string, string>> = {
  listener_address: '--listener-address',
  listener_name: '--cluster-name',
  'load_balancing.hash_header': '--hash-header',
  'load_balancing.slow_start': '--slow-start',
  'retry.on': '--retry-on',
};
