import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { ComputeDataPlaneRequest } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { ComputeEndpointsRequestSchema, type Group } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { FunctionsClient } from '../functions/functions-client.ts';
import type { Log } from '../telemetry/log.ts';
import type { ComputedGroups } from './computed-groups.ts';
import { dataPlaneToResources, endpointsToResources } from './xds-resources.ts';
import type { Clock } from '../sources/clock.ts';
import { type Resource, type ResourceChange, typeUrls } from '../xds/resource.ts';

/** Turns what is known of a tailnet into xDS resources, whenever either changes. */
export interface Publisher {
  /** The devices that count from now on. */
  devices(devices: readonly Device[]): void;
  /** The groups that are wanted besides those of the options, from now on; those that are no longer wanted go. */
  groups(groups: readonly Group[]): void;
  /** Resolves when everything that was told so far is published, or has failed. */
  settled(): Promise<void>;
  close(): void;
}

/** What a publisher is made of. */
export interface PublisherOptions {
  readonly functions: Pick<FunctionsClient, 'computeEndpoints' | 'computeDataPlane'>;
  readonly cache: { apply(changes: Iterable<ResourceChange>): void };
  /** The group of the sidecars, and their data plane; absent: sidecars are not served. */
  readonly sidecars?: { readonly group: Group; readonly dataPlane: ComputeDataPlaneRequest };
  readonly clock: Clock;
  readonly log: Log;
  /** Told of the groups whose results were computed anew, after each publication. */
  readonly onComputed?: (computed: ComputedGroups) => void;
}

/** How soon a computation that failed is tried again. */
const retryMs = 1000;

/**
 * Computes one answer at a time, always from the newest input; an answer that fails leaves what is
 * published. The first devices publish the data plane too, in one transaction: before that
 * nothing is served. When time alone changes an answer (a key ends, an attribute expires), it is computed again then.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { functions, cache, sidecars, clock, log } = options;
  let devices: readonly Device[] | undefined;
  let groups: readonly Group[] = [];
  let dataPlane: readonly Resource[] | undefined;
  let published: ReadonlySet<string> = new Set();
  let busy = false;
  let running = Promise.resolve();
  let again = false;
  let closed = false;
  let disarm = () => {};

  async function compute(input: readonly Device[]): Promise<void> {
    dataPlane ??= sidecars && dataPlaneToResources(await functions.computeDataPlane(sidecars.dataPlane));
    const now = clock.now();
    const answer = await functions.computeEndpoints(
      create(ComputeEndpointsRequestSchema, {
        now: timestampFromMs(now),
        groups: [...(sidecars === undefined ? [] : [sidecars.group]), ...groups],
        devices: [...input],
      }),
    );
    if (closed) return;
    const resources = [...(dataPlane ?? []), ...endpointsToResources(answer)];
    const names = new Set(answer.groups.map(({ name }) => name));
    const gone = [...published].filter((name) => !names.has(name));
    cache.apply([
      ...resources.map((resource) => ({ kind: 'set', resource }) as const),
      ...gone.map((name) => ({ kind: 'remove', typeUrl: typeUrls.endpoint, name }) as const),
    ]);
    published = names;
    options.onComputed?.({
      all: new Map(answer.groups.map((group) => [group.name, group])),
      changed: answer.groups,
      gone,
    });
    if (answer.validUntil !== undefined) arm(timestampMs(answer.validUntil) - now);
  }

  function arm(ms: number): void {
    disarm();
    disarm = clock.setTimeout(trigger, Math.max(1, ms));
  }

  async function run(): Promise<void> {
    do {
      again = false;
      disarm();
      try {
        if (devices !== undefined) await compute(devices);
      } catch (err) {
        log.error({ err, retryMs }, 'failed to compute endpoints: the last good ones stay');
        arm(retryMs);
      }
    } while (again && !closed);
    busy = false;
  }

  function trigger(): void {
    if (closed) return;
    again = true;
    if (busy) return;
    busy = true;
    running = run();
  }

  return {
    devices(next) {
      devices = next;
      trigger();
    },
    groups(next) {
      groups = next;
      trigger();
    },
    settled: () => running,
    close() {
      closed = true;
      disarm();
    },
  };
}
