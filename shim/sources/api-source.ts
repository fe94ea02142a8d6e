import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../timing/clock.ts';
import { createHeadscaleSource } from './headscale-source.ts';
import type { Fetch } from './json-request.ts';
import type { PolledDeviceSource } from './poll-loop.ts';
import type { TailscaleCredentials } from './tailscale-api.ts';
import { createTailscaleSource } from './tailscale-source.ts';

/** An API of a tailnet, without what is secret. */
export interface TailnetApi {
  readonly kind: 'tailscale' | 'headscale';
  /** The origin, without a path. */
  readonly apiUrl: string;
  /** The tailnet's name at Tailscale; `-`: the credentials' own. */
  readonly tailnet: string;
}

/** What a source over an API is made of. */
export interface ApiSourceOptions {
  readonly api: TailnetApi;
  /** Headscale knows API keys alone. */
  readonly credentials: TailscaleCredentials;
  readonly pollIntervalMs: number;
  /** The deadline of each request. */
  readonly requestTimeoutMs: number;
  /** How old posture attributes may get. */
  readonly attributesMaxAgeMs: number;
  /** What was known of a device before. */
  readonly known: (deviceId: string) => Device | undefined;
  /** Absent: the one of the platform. */
  readonly fetch?: Fetch;
  readonly clock: Clock;
  readonly log: Log;
}

/** A source over Tailscale's API or headscale's. */
export function createApiSource(options: ApiSourceOptions): PolledDeviceSource {
  const { api, credentials } = options;
  const common = { ...options, apiUrl: api.apiUrl, fetch: options.fetch ?? fetch, random: () => Math.random() };
  return api.kind === 'headscale'
    ? createHeadscaleSource({ ...common, apiKey: credentials.kind === 'api-key' ? credentials.key : '' })
    : createTailscaleSource({ ...common, tailnet: api.tailnet });
}

/** What the devices of an API belong to: those that were saved of another one are not restored. */
export function formatOrigin({ kind, apiUrl, tailnet }: TailnetApi): string {
  return kind === 'headscale' ? `headscale ${apiUrl}` : `tailscale ${apiUrl} ${tailnet}`;
}
