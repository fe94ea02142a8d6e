import { timestampMs } from '@bufbuild/protobuf/wkt';
import { compareText } from '../../functions/compare-text.ts';
import type { ComputeDataPlaneRequest } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import type {
  ComputeEndpointsResponse,
  Group,
  GroupResult,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { FunctionsClient } from '../functions/functions-client.ts';
import type { Clock } from '../timing/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { type Resource, type ResourceChange, typeUrls } from '../xds/resource.ts';
import type { ComputedGroups } from './computed-groups.ts';
import { createDeviceBook } from './device-book.ts';
import { type EndpointResults, computeEndpointBatches } from './endpoint-batches.ts';
import { createGroupBook } from './group-book.ts';
import { dataPlaneToResources, groupToResources } from './xds-resources.ts';

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
  /** How long changes are collected before they are computed; default 0: the first is computed at once. */
  readonly debounceMs?: number;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Told after each publication which groups it computed anew, and after changes that concern no group, with none.
   * Also where to follow the results of some groups: look for their names in `changed` and `gone`.
   */
  readonly onComputed?: (computed: ComputedGroups) => void;
}

/** How soon a computation that failed is tried again at first, and at last: asking who is known to be away costs nothing. */
const retryMs = { first: 1000, last: 4000 };

/** How often the time of day is looked at while it may change a result: somebody may set it. */
const lookMs = 60_000;

/**
 * Computes what a change touches, and nothing else: the groups that select a device that is different, and those that are
 * different themselves. One computation at a time, from the newest input; all of it is one transaction. What fails
 * leaves what is published. The first devices publish the data plane and all groups at once: before that nothing is
 * served. When time alone changes an answer (a key ends, an attribute expires), it is computed again then.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { functions, cache, sidecars, clock, log, debounceMs = 0 } = options;
  const own = sidecars === undefined ? [] : [sidecars.group];
  const book = createDeviceBook();
  const wanted = createGroupBook();
  const results = new Map<string, GroupResult>();
  /** When time changes results, by group: milliseconds since 1970. */
  const due = new Map<string, number>();
  const dirty = new Set<string>(wanted.set(own).changed);
  /** Results that wait for the next transaction, by group. */
  const unpublished = new Map<string, GroupResult>();
  let known = false;
  let published = false;
  let dataPlane: readonly Resource[] | undefined;
  let gone: string[] = [];
  let failures = 0;
  let told: string | undefined;
  let busy = false;
  let running = Promise.resolve();
  let again = false;
  let closed = false;
  let disarm = () => {};
  let disarmDebounce: (() => void) | undefined;

  async function compute(): Promise<void> {
    dataPlane ??= sidecars && dataPlaneToResources(await functions.computeDataPlane(sidecars.dataPlane));
    const names = [...dirty].toSorted(compareText);
    dirty.clear();
    const inputs = names.flatMap((name) => {
      const group = wanted.get(name);
      return group === undefined ? [] : [{ group, devices: book.select(group) }];
    });
    const { answered, failed } = await computeEndpointBatches(functions, inputs, clock.now());
    if (closed) return;
    for (const answer of answered) keep(answer);
    // A client that asks for a group which is not there yet would take it as gone.
    if (published || failed.every(({ permanent }) => permanent)) publish();
    retry(failed);
  }

  /** Keeps an answer for the next transaction. */
  function keep({ groups, validUntil }: ComputeEndpointsResponse): void {
    for (const result of groups) {
      if (wanted.get(result.name) === undefined) continue;
      results.set(result.name, result);
      unpublished.set(result.name, result);
      if (validUntil === undefined) due.delete(result.name);
      else due.set(result.name, timestampMs(validUntil));
    }
  }

  function publish(): void {
    const first = published ? [] : (dataPlane ?? []);
    published = true;
    const removed = gone.filter((name) => wanted.get(name) === undefined);
    gone = [];
    const changed = [...unpublished.values()].toSorted((a, b) => compareText(a.name, b.name));
    unpublished.clear();
    cache.apply([
      ...[...first, ...changed.flatMap(groupToResources)].map((resource) => ({ kind: 'set', resource }) as const),
      ...removed.map((name) => ({ kind: 'remove', typeUrl: typeUrls.endpoint, name }) as const),
    ]);
    options.onComputed?.({ all: results, changed, gone: removed });
  }

  function retry(failed: EndpointResults['failed']): void {
    const [first] = failed;
    if (first === undefined) {
      if (failures > 0) log.info({}, 'endpoints are computed again');
      failures = 0;
      told = undefined;
      return;
    }
    failures++;
    for (const { name } of failed) dirty.add(name);
    tellFailure(first.err, { count: failed.length, groups: failed.slice(0, 10).map(({ name }) => name) });
  }

  /** Tells a failure once, however often it comes again. */
  function tellFailure(err: unknown, fields: object): void {
    const reason = err instanceof Error ? err.message : String(err);
    if (reason === told) return;
    told = reason;
    log.error({ err, retryMs: retryInMs(), ...fields }, 'failed to compute endpoints: the last good ones stay');
  }

  function retryInMs(): number {
    return Math.min(retryMs.first * 2 ** Math.max(0, failures - 1), retryMs.last);
  }

  /** Wakes up for the next try, or when time changes a result. */
  function arm(): void {
    disarm();
    const dueMs = [...due.values()].reduce((a, b) => Math.min(a, b), Infinity) - clock.now();
    const ms = failures > 0 ? retryInMs() : dueMs;
    if (ms < Infinity && !closed) disarm = clock.setTimeout(wake, Math.min(Math.max(1, ms), lookMs));
  }

  function wake(): void {
    const nowMs = clock.now();
    for (const [name, dueMs] of due) if (dueMs <= nowMs) dirty.add(name);
    if (failures > 0 || dirty.size > 0) trigger();
    else arm();
  }

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        if (known) await compute();
      } catch (err) {
        failures++;
        if (!closed) tellFailure(err, {});
      }
    } while (again && !closed);
    busy = false;
    arm();
  }

  /** Whatever is told while a computation is under way is the next one's. */
  function trigger(): void {
    if (closed) return;
    again = true;
    if (busy) return;
    busy = true;
    running = debounceMs > 0 ? collect().then(run) : run();
  }

  function collect(): Promise<void> {
    return new Promise((resolve) => {
      disarmDebounce = clock.setTimeout(resolve, debounceMs);
    });
  }

  return {
    devices(next) {
      for (const { before, after } of book.set(next)) {
        for (const device of [before, after]) {
          if (device !== undefined) for (const name of wanted.selecting(device)) dirty.add(name);
        }
      }
      known = true;
      trigger();
    },
    groups(next) {
      const told = wanted.set([...own, ...next]);
      for (const name of told.changed) dirty.add(name);
      for (const name of told.gone) {
        dirty.delete(name);
        due.delete(name);
        unpublished.delete(name);
        if (results.delete(name)) gone.push(name);
      }
      trigger();
    },
    settled: () => running,
    close() {
      closed = true;
      disarm();
      disarmDebounce?.();
    },
  };
}
