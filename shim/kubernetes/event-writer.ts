import { createHash } from 'node:crypto';
import type { Log } from '../telemetry/log.ts';
import { type ResourceKey, resourceKinds } from '../custom-resources/resource-source.ts';
import type { Clock } from '../timing/clock.ts';
import { createKeyedQueue } from './keyed-queue.ts';
import type { KubeClient } from './kube-client.ts';
import { type KubeError, isKubeError } from './kube-error.ts';
import { apiPath } from './kube-object.ts';
import { microTime } from './micro-time.ts';
import { createRateLimit } from '../timing/rate-limit.ts';
import { fieldManager } from './server-side-apply.ts';

/** Something that happened to a resource, for whoever runs `kubectl describe`. */
export interface ResourceEvent {
  readonly resource: ResourceKey & { readonly uid: string };
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, the same for all events of one cause. */
  readonly reason: string;
  /** What was being done: CamelCase. */
  readonly action: string;
  /** A sentence; cut off at 1024 bytes. */
  readonly note: string;
}

/** Writes Events, as the leader does. */
export interface EventWriter {
  /** Writes it soon; what is told again becomes one Event with a count. Dropped while nobody runs the writer. */
  tell(event: ResourceEvent): void;
  /** Writes until `signal` aborts. May be called again. */
  run(signal: AbortSignal): Promise<void>;
}

/** What a writer of Events is made of. */
export interface EventWriterOptions {
  readonly client: KubeClient;
  /** Name of this replica. */
  readonly identity: string;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Writes per second at most; default: 5. */
  readonly perSecond?: number;
  /** How often the count of a repeated Event is written; default: 5 minutes. */
  readonly seriesMs?: number;
}

interface Series {
  readonly event: ResourceEvent;
  /** Of the Event object, once it is there. */
  name?: string;
  count: number;
  writtenCount: number;
  /** Milliseconds since 1970, as the Event tells it. */
  firstMs: number;
  lastMs: number;
  /** By the monotonic clock. */
  toldMs: number;
}

const events = { group: 'events.k8s.io', version: 'v1', plural: 'events' };

/** Longest note that the API server takes, in bytes. */
const maxNoteBytes = 1024;

/** API servers forget Events after an hour: what is told again after that is news. */
const forgetMs = 3_600_000;

/** How many different ones are kept; an old one makes room. */
const maxSeries = 2000;

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export function createEventWriter(options: EventWriterOptions): EventWriter {
  const { client, identity, clock, random, log, perSecond = 5, seriesMs = 300_000 } = options;
  const known = new Map<string, Series>();
  const limit = createRateLimit({ clock, perSecond });
  const queue = createKeyedQueue({ work, failed, clock, random });
  let running = false;

  async function work(id: string, signal: AbortSignal): Promise<void> {
    const series = known.get(id);
    if (series === undefined || series.count === series.writtenCount) return;
    await limit.take(signal);
    if (signal.aborted) return;
    const { count, name } = series;
    if (name === undefined) {
      const created = `${series.event.resource.name.slice(0, 200)}.${id.slice(0, 8)}${series.firstMs.toString(16)}`;
      await client.request({
        method: 'POST',
        path: apiPath(events, { namespace: namespaceOf(series.event) }),
        body: toEvent(series, created, identity),
        signal,
      });
      series.name = created;
    } else {
      await client.request({
        method: 'PATCH',
        path: apiPath(events, { namespace: namespaceOf(series.event), name }),
        contentType: 'application/merge-patch+json',
        body: { series: toSeries(series) },
        signal,
      });
    }
    series.writtenCount = count;
  }

  function failed(id: string, err: KubeError): void {
    const series = known.get(id);
    if (series === undefined) return;
    if (isKubeError(err, 409) && series.name === undefined) {
      // A try whose answer was lost.
      series.writtenCount = series.count;
      return;
    }
    log.warn({ reason: series.event.reason, error: err.message }, 'cannot write an event');
    // Events are a courtesy: what is refused for good is dropped.
    if (err.status >= 400 && err.status < 500 && err.status !== 429 && err.status !== 401) known.delete(id);
  }

  return {
    tell(event) {
      if (!running) return;
      const id = idOf(event);
      const nowMs = clock.now();
      const toldMs = clock.monotonicMs();
      const series = known.get(id);
      known.delete(id);
      if (series === undefined || toldMs - series.toldMs > forgetMs) {
        known.set(id, { event, count: 1, writtenCount: 0, firstMs: nowMs, lastMs: nowMs, toldMs });
        queue.add(id);
      } else {
        known.set(id, series);
        series.count += 1;
        series.lastMs = nowMs;
        series.toldMs = toldMs;
        queue.add(id, seriesMs);
      }
      for (const oldest of known.keys()) {
        if (known.size <= maxSeries) break;
        known.delete(oldest);
      }
    },
    async run(signal) {
      running = true;
      await queue.run(signal);
      running = false;
    },
  };
}

/** Events live beside what they are about; those about kinds without namespaces in `default`. */
function namespaceOf({ resource }: ResourceEvent): string {
  return resource.namespace || 'default';
}

function idOf({ resource, type, reason, action, note }: ResourceEvent): string {
  const { kind, namespace, name, uid } = resource;
  return createHash('sha256')
    .update(JSON.stringify([kind, namespace, name, uid, type, reason, action, note]))
    .digest('hex');
}

function toSeries({ count, lastMs }: Series): object {
  return { count, lastObservedTime: microTime(lastMs) };
}

function toEvent(series: Series, name: string, identity: string): object {
  const { event, firstMs } = series;
  const { resource, type, reason, action, note } = event;
  const { group, version } = resourceKinds[resource.kind];
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: namespaceOf(event) },
    eventTime: microTime(firstMs),
    reportingController: `gateway.tailscale.com/${fieldManager}`,
    reportingInstance: identity.slice(0, 128),
    type,
    reason,
    action,
    note: cutOff(note),
    ...(series.count > 1 ? { series: toSeries(series) } : {}),
    regarding: {
      apiVersion: `${group}/${version}`,
      kind: resource.kind,
      ...(resource.namespace === '' ? {} : { namespace: resource.namespace }),
      name: resource.name,
      uid: resource.uid,
    },
  };
}

function cutOff(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= maxNoteBytes) return note;
  const ellipsis = '…';
  let end = maxNoteBytes - Buffer.byteLength(ellipsis);
  // Not within a character: those continue with bytes of 10xxxxxx.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8') + ellipsis;
}
