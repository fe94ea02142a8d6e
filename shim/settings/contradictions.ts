import { findDataPlaneViolations } from '../../functions/dataplane/data-plane-violation.ts';
import { settingsToDataPlane } from './data-plane-inputs.ts';
import type { Settings } from './definitions.ts';
import { findFunctionContradictions } from './function-contradictions.ts';

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

/** What is wrong although each setting is right. */
export function findContradictions(settings: Settings): string[] {
  const errors: string[] = [];
  const { apiToken, oauthClientId, oauthClientSecret } = settings;
  if ((oauthClientId === undefined) !== (oauthClientSecret === undefined)) {
    const missing = oauthClientId === undefined ? 'TS_ENVOY_OAUTH_CLIENT_ID' : 'TS_ENVOY_OAUTH_CLIENT_SECRET';
    errors.push(`${missing}: must be set too: an OAuth client has an id and a secret`);
  }
  if (apiToken !== undefined && oauthClientId !== undefined) {
    errors.push('TS_ENVOY_API_TOKEN: give an API key or an OAuth client (TS_ENVOY_OAUTH_CLIENT_ID), not both');
  }
  if (settings.apiKind === 'headscale' && oauthClientId !== undefined) {
    errors.push('TS_ENVOY_OAUTH_CLIENT_ID: headscale has no OAuth clients; set TS_ENVOY_API_TOKEN to an API key of it');
  }
  if (settings.healthCheckTimeout > settings.healthCheckInterval) {
    errors.push('--health-check-timeout: must not be longer than --health-check-interval');
  }
  errors.push(...findFunctionContradictions(settings));
  for (const { path, message } of findDataPlaneViolations(settingsToDataPlane(settings))) {
    errors.push(`${dataPlaneFlags[path] ?? path}: ${message}`);
  }
  return errors;
}

/** The flags of what the data plane's function looks at beyond its single values. */
const dataPlaneFlags: Readonly<Record<string, string>> = {
  listener_address: '--listener-address',
  listener_name: '--cluster-name',
  'load_balancing.hash_header': '--hash-header',
  'load_balancing.slow_start': '--slow-start',
  'retry.on': '--retry-on',
};
