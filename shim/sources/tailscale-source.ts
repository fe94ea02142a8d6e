import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from '../telemetry/log.ts';
import { apiBase, readApiList } from './api-list.ts';
import type { Clock } from '../timing/clock.ts';
import { type Fetch, createJsonClient } from './json-request.ts';
import { createPollLoop, type PolledDeviceSource } from './poll-loop.ts';
import { createPostureAttributes } from './posture-attributes.ts';
import { createTailscaleApi, type TailscaleCredentials } from './tailscale-api.ts';
import { parseTailscaleDevice } from './tailscale-device.ts';

/** What a Tailscale source is made of. */
export interface TailscaleSourceOptions {
  /** The origin of the API, without `/api/v2`. */
  readonly apiUrl: string;
  /** The tailnet's name; `-`: the credentials' own. */
  readonly tailnet: string;
  readonly credentials: TailscaleCredentials;
  readonly pollIntervalMs: number;
  /** The deadline of each request. */
  readonly requestTimeoutMs: number;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Whose posture attributes are read, at the cost of requests; absent: those of the tailnet's own authorized devices with tags. */
  readonly wants?: (device: Device) => boolean;
  /** What was known of a device in a former run: its attributes stay until others can be read. */
  readonly known?: (deviceId: string) => Device | undefined;
  /** How many known devices' attributes are read again at each poll, at least; default: 16. */
  readonly attributesPerPoll?: number;
  /** How old attributes may get; default: 5 minutes. */
  readonly attributesMaxAgeMs?: number;
}

/** Devices from Tailscale's API, with their posture attributes. */
export function createTailscaleSource(options: TailscaleSourceOptions): PolledDeviceSource {
  const { requestTimeoutMs, pollIntervalMs, fetch, clock, random, log, known } = options;
  const { wants = isTaggedAndOwn, attributesPerPoll = 16, attributesMaxAgeMs = 5 * 60_000 } = options;
  const request = createJsonClient({ fetch, clock, timeoutMs: requestTimeoutMs });
  const base = apiBase(options.apiUrl);
  const api = createTailscaleApi({ ...options, request });
  const attributes = createPostureAttributes({
    read: (deviceId, signal) => api.attributes(deviceId, signal),
    wants,
    ...(known === undefined ? {} : { known }),
    limits: { perPoll: attributesPerPoll, maxAgeMs: attributesMaxAgeMs, pollIntervalMs },
    budgetMs: requestTimeoutMs,
    clock,
    log,
  });
  return createPollLoop({
    name: 'tailscale',
    intervalMs: pollIntervalMs,
    clock,
    random,
    log,
    async poll(report, signal) {
      const answer = await api.devices(signal);
      if (!answer.ok) return answer.failure;
      const list = await readApiList(answer.value, 'devices', parseTailscaleDevice, base);
      if (!list.ok) return list.failure;
      const { devices, rejected } = list.value;
      await attributes.complete(
        devices,
        (complete, unusable) => report({ devices: complete, rejected: [...rejected, ...unusable] }),
        signal,
      );
      return undefined;
    },
  });
}

function isTaggedAndOwn(device: Device): boolean {
  return device.authorized && !device.external && device.tags.length > 0;
}
