import type { Device } from '../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from './telemetry/log.ts';
import type { Settings } from './settings/definitions.ts';
import { createApiSource, formatOrigin } from './sources/api-source.ts';
import type { Clock } from './timing/clock.ts';
import type { DeviceSource } from './sources/device-source.ts';
import { createFileSource } from './sources/file-source.ts';

/** The source that the settings name: a file where one is named, else headscale's or Tailscale's API. */
export function createConfiguredSource(
  settings: Settings,
  parts: {
    readonly clock: Clock;
    readonly log: Log;
    /** What was known of a device in a former run. */
    readonly known: (deviceId: string) => Device | undefined;
  },
): DeviceSource {
  if (settings.devices !== undefined) return createFileSource({ ...parts, path: settings.devices });
  const { apiToken, oauthClientId = '', oauthClientSecret = '' } = settings;
  return createApiSource({
    ...parts,
    api: apiOf(settings),
    credentials:
      apiToken === undefined
        ? { kind: 'oauth', clientId: oauthClientId, clientSecret: oauthClientSecret }
        : { kind: 'api-key', key: apiToken },
    pollIntervalMs: settings.pollInterval,
    requestTimeoutMs: settings.requestTimeout,
    attributesMaxAgeMs: settings.attributesInterval,
  });
}

/** What the devices of that source belong to, without any secret. */
export function configuredOrigin(settings: Settings): string {
  return settings.devices === undefined ? formatOrigin(apiOf(settings)) : `file ${settings.devices}`;
}

/** What kind of source that is, for logs and metrics. */
export function configuredKind(settings: Settings): 'file' | 'tailscale' | 'headscale' {
  return settings.devices === undefined ? settings.apiKind : 'file';
}

function apiOf({ apiKind, apiUrl, tailnet }: Settings) {
  return { kind: apiKind, apiUrl, tailnet };
}
