import type { Device } from '../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from './telemetry/log.ts';
import type { Settings } from './settings/definitions.ts';
import type { Clock } from './sources/clock.ts';
import type { DeviceSource } from './sources/device-source.ts';
import { createFileSource } from './sources/file-source.ts';
import { createHeadscaleSource } from './sources/headscale-source.ts';
import { createTailscaleSource } from './sources/tailscale-source.ts';

/** The source that the settings name, and what its devices belong to. */
export interface ConfiguredSource {
  readonly source: DeviceSource;
  /** For the saved state: another origin's devices are not restored. Without any secret. */
  readonly origin: string;
}

/** A file where one is named, else headscale's or Tailscale's API. */
export function createConfiguredSource(
  settings: Settings,
  parts: {
    readonly clock: Clock;
    readonly log: Log;
    /** What was known of a device in a former run. */
    readonly known: (deviceId: string) => Device | undefined;
  },
): ConfiguredSource {
  if (settings.devices !== undefined) {
    return {
      source: createFileSource({ path: settings.devices, clock: parts.clock }),
      origin: `file ${settings.devices}`,
    };
  }
  const api = {
    ...parts,
    apiUrl: settings.apiUrl,
    pollIntervalMs: settings.pollInterval,
    requestTimeoutMs: settings.requestTimeout,
    fetch,
    random: () => Math.random(),
  };
  const apiKey = settings.apiToken;
  if (settings.apiKind === 'headscale') {
    return {
      source: createHeadscaleSource({ ...api, apiKey: apiKey ?? '' }),
      origin: `headscale ${settings.apiUrl}`,
    };
  }
  const credentials =
    apiKey === undefined
      ? ({
          kind: 'oauth',
          clientId: settings.oauthClientId ?? '',
          clientSecret: settings.oauthClientSecret ?? '',
        } as const)
      : ({ kind: 'api-key', key: apiKey } as const);
  return {
    source: createTailscaleSource({
      ...api,
      tailnet: settings.tailnet,
      credentials,
      attributesMaxAgeMs: settings.attributesInterval,
    }),
    origin: `tailscale ${settings.apiUrl} ${settings.tailnet}`,
  };
}
