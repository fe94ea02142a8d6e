import type { GroupResult } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { FunctionsClient } from '../functions/functions-client.ts';
import type { GatewayStore } from '../gateway/gateway-state.ts';
import type { Health } from '../probes/health.ts';
import { type HttpAnswer, json, text } from '../probes/http-endpoints.ts';
import type { DeviceStoreStatus } from '../sources/device-store.ts';
import type { XdsServer } from '../xds/server.ts';
import type { ResourceCache } from '../xds/resource-cache.ts';
import { findProblems } from './find-problems.ts';
import { buildGroupStatus } from './group-status.ts';
import type { HookBook } from './hook-book.ts';
import { listUpTo } from './listed.ts';
import { buildResourcesStatus } from './resources-status.ts';
import type { ShimStatus } from './shim-status.ts';
import { buildSourceStatus } from './source-status.ts';
import { buildXdsStatus } from './xds-status.ts';

/** The parts of a shim that its status is read from. */
export interface StatusParts {
  readonly version: string;
  readonly startedAtMs: number;
  readonly now: () => number;
  readonly health: Pick<Health, 'isReady' | 'waitingFor'>;
  readonly sources: () => readonly { readonly name: string; readonly status: DeviceStoreStatus }[];
  /** What was computed last, of all groups. */
  readonly groups: () => Iterable<GroupResult>;
  readonly cache: Pick<ResourceCache, 'view'>;
  readonly xds: Pick<XdsServer, 'streams'>;
  readonly functions: Pick<FunctionsClient, 'status'>;
  /** Absent: no resources are read. */
  readonly gateway?: {
    readonly store: GatewayStore;
    readonly hooks: Pick<HookBook, 'read'>;
    /** Undefined: no cluster is read. */
    readonly leads: () => boolean | undefined;
  };
}

/** How much is listed of each list unless the query says so. */
const defaultLimit = 1000;

/** Answers `/status?limit=N`. */
export function createStatusPage(parts: StatusParts): (query: URLSearchParams) => HttpAnswer {
  return (query) => {
    const limit = query.get('limit') ?? String(defaultLimit);
    if (!/^\d{1,7}$/.test(limit)) return text(400, 'limit: must be a whole number such as 1000');
    return json(buildShimStatus(parts, Number(limit)));
  };
}

function buildShimStatus(parts: StatusParts, limit: number): ShimStatus {
  const { version, health, cache, xds, functions, gateway } = parts;
  const leader = gateway?.leads();
  const streams = xds.streams();
  const status = {
    version,
    now: new Date(parts.now()).toISOString(),
    startedAt: new Date(parts.startedAtMs).toISOString(),
    ready: health.isReady(),
    waitingFor: health.waitingFor(),
    ...(leader === undefined ? {} : { leader }),
    sources: parts.sources().map(({ name, status }) => buildSourceStatus(name, status)),
    groups: listUpTo([...parts.groups()].map(buildGroupStatus), limit),
    ...(gateway === undefined
      ? {}
      : { resources: buildResourcesStatus(gateway.store, limit), hooks: gateway.hooks.read() }),
    functions: functions.status(),
  };
  const problems = findProblems(status, streams);
  return { ...status, problems, xds: buildXdsStatus(cache.view, streams, limit) };
}
