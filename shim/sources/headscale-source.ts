import { createApiKey } from './access-token.ts';
import { apiBase, readApiList } from './api-list.ts';
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../timing/clock.ts';
import { parseHeadscaleNode } from './headscale-node.ts';
import { type Fetch, createJsonClient } from './json-request.ts';
import { createPollLoop, type PolledDeviceSource } from './poll-loop.ts';

/** What a headscale source is made of. */
export interface HeadscaleSourceOptions {
  /** The origin of the API, without `/api/v1`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly pollIntervalMs: number;
  /** The deadline of each request. */
  readonly requestTimeoutMs: number;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

const remedies = {
  unauthorized: 'the API key is refused: it is wrong or expired; `headscale apikeys create` makes another',
  'not-found': 'check the API address: it is the origin of headscale',
};

/** Devices from headscale's API. It has no posture attributes. */
export function createHeadscaleSource(options: HeadscaleSourceOptions): PolledDeviceSource {
  const { apiKey, pollIntervalMs, requestTimeoutMs, fetch, clock, random, log } = options;
  const request = createJsonClient({ fetch, clock, timeoutMs: requestTimeoutMs });
  const base = apiBase(options.apiUrl);
  const token = createApiKey(apiKey);
  return createPollLoop({
    name: 'headscale',
    intervalMs: pollIntervalMs,
    clock,
    random,
    log,
    async poll(report, signal) {
      const bearer = await token.get(signal);
      if (!bearer.ok) return bearer.failure;
      const headers = { authorization: `Bearer ${bearer.value}` };
      const answer = await request({ url: new URL(`${base}/api/v1/node`), headers, remedies }, signal);
      if (!answer.ok) return answer.failure;
      const list = await readApiList(answer.value, 'nodes', parseHeadscaleNode, base);
      if (!list.ok) return list.failure;
      report(list.value);
      return undefined;
    },
  });
}
