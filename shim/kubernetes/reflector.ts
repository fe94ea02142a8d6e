import { type Clock, sleep } from '../timing/clock.ts';
import { createBackOff } from '../timing/back-off.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError, isKubeError } from './kube-error.ts';
import { type KubeObject, objectKey, parseKubeObject } from './kube-object.ts';
import { listObjects } from './list-objects.ts';
import type { WatchEvent } from './watch-events.ts';

/** An object that is there from now on, or the last that was known of one that is gone. */
export type ObjectChange =
  | { readonly kind: 'set'; readonly object: KubeObject }
  | { readonly kind: 'remove'; readonly namespace: string; readonly name: string };

/** What a reflector tells. */
export interface ReflectorSink {
  /** What is different since the last call; together, all calls say what there is. */
  changed(changes: readonly ObjectChange[]): void;
  /** Everything that there was at the start has been told. Called once. */
  synced(): void;
  /**
   * The collection cannot be read since now, or for another reason than before; what was told stays, and trying goes on.
   *
   * @param status of the API server's answer; 0: there was none
   */
  failed(detail: string, status: number): void;
  /** It can be read again. */
  recovered(): void;
}

/** A collection of objects, mirrored. */
export interface Reflector {
  /** Reports to `sink` until `signal` aborts; then it resolves. It rejects for nothing that the API server does. */
  run(sink: ReflectorSink, signal: AbortSignal): Promise<void>;
}

/** What a reflector is made of. */
export interface ReflectorOptions {
  readonly client: KubeClient;
  /** Path of the collection. */
  readonly path: string;
  readonly labelSelector?: string;
  /** `metadata.name=…` for a single object: rights by its name are enough then. */
  readonly fieldSelector?: string;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /**
   * How long the collection must be unknown to the API server (404) before that counts as empty; default: 10 s. An API
   * server that starts may not know its custom resources at once.
   */
  readonly missingHoldMs?: number;
}

/** A watch lasts from one to two of these, so that not all end at once; a connection that died unnoticed is left after it. */
const watchSeconds = 60;

/** How much longer than it was asked for a watch may last. */
const watchGraceMs = 10_000;

/** A watch that ends sooner, and said nothing, counts as a failure. */
const shortestWatchMs = 1000;

/** A watch that still speaks after this long ends the back-off; what fails sooner would otherwise be tried without a pause. */
const steadyMs = 5000;

const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * Mirrors a collection: its objects as they are streamed at first (or listed, by an API server that cannot stream them),
 * then each change. After the position in the history is lost, it reads all again, and tells what has gone meanwhile.
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
 */
export function createReflector({
  client,
  path,
  labelSelector,
  fieldSelector,
  clock,
  random,
  missingHoldMs = 10_000,
}: ReflectorOptions): Reflector {
  const selection: Readonly<Record<string, string>> = {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
  const backOff = createBackOff(random);
  /** What was told, by its key; the values are what a removal needs. */
  const known = new Map<string, { readonly namespace: string; readonly name: string }>();
  let position: string | undefined;
  let canStream = true;
  let synced = false;
  let missingSinceMs: number | undefined;
  let failure: string | undefined;

  function tell(sink: ReflectorSink, changes: readonly ObjectChange[]): void {
    for (const change of changes) {
      const { namespace = '', name } = change.kind === 'set' ? change.object.metadata : change;
      const key = objectKey({ namespace, name });
      if (change.kind === 'set') known.set(key, { namespace, name });
      else known.delete(key);
    }
    if (changes.length > 0) sink.changed(changes);
  }

  /** These objects are all that there is. */
  function replace(sink: ReflectorSink, objects: ReadonlyMap<string, KubeObject>): void {
    const gone = [...known].filter(([key]) => !objects.has(key));
    tell(sink, [
      ...gone.map(([, { namespace, name }]) => ({ kind: 'remove' as const, namespace, name })),
      ...[...objects.values()].map((object) => ({ kind: 'set' as const, object })),
    ]);
    if (!synced) sink.synced();
    synced = true;
  }

  /** The API server answers with what can be used. */
  function succeeded(sink: ReflectorSink): void {
    missingSinceMs = undefined;
    if (failure !== undefined) sink.recovered();
    failure = undefined;
  }

  /** One watch, from the position or from the start, until the server ends it. */
  async function watch(sink: ReflectorSink, signal: AbortSignal): Promise<void> {
    const seconds = Math.round(watchSeconds * (1 + random()));
    const from: Readonly<Record<string, string>> =
      position === undefined
        ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
        : { resourceVersion: position };
    const query = { ...selection, ...from, watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: `${seconds}` };
    const startedMs = clock.monotonicMs();
    /** Collects until all initial objects are there. */
    let initial: Map<string, KubeObject> | undefined = position === undefined ? new Map() : undefined;
    let events = 0;
    for await (const batch of client.watch({ path, query, timeoutMs: seconds * 1000 + watchGraceMs, signal })) {
      if (signal.aborted) return;
      const changes: ObjectChange[] = [];
      if (clock.monotonicMs() - startedMs > steadyMs) backOff.reset();
      for (const event of batch) {
        const object = readEvent(event);
        const { resourceVersion, annotations } = object.metadata;
        if (event.type === 'BOOKMARK') {
          if (initial !== undefined && annotations?.[initialEventsEnd] === 'true') {
            replace(sink, initial);
            initial = undefined;
          }
        } else if (initial !== undefined) {
          initial.set(objectKey(object.metadata), object);
        } else {
          changes.push(toChange(event, object));
        }
        if (initial === undefined) position = resourceVersion;
      }
      tell(sink, changes);
      events += batch.length;
      if (initial === undefined) succeeded(sink);
    }
    if (initial !== undefined && !signal.aborted) {
      // It does not know what it was asked for, and did not say so.
      canStream = false;
    } else if (events === 0 && clock.monotonicMs() - startedMs < shortestWatchMs) {
      throw new KubeError(`watch of ${path} ended at once`);
    }
  }

  async function step(sink: ReflectorSink, signal: AbortSignal): Promise<void> {
    if (position !== undefined || canStream) return watch(sink, signal);
    const { objects, resourceVersion } = await listObjects({ client, path, query: selection, signal });
    replace(sink, objects);
    position = resourceVersion;
    return succeeded(sink);
  }

  /** Returns how long to wait. */
  function failed(sink: ReflectorSink, err: KubeError): number {
    const starting = position === undefined;
    // The history that the position is in is gone: all must be read again.
    if (isKubeError(err, 410)) position = undefined;
    if (starting && canStream && isKubeError(err, 400, 422)) {
      canStream = false;
      return 0;
    }
    if (err.status === 404) {
      missingSinceMs ??= clock.monotonicMs();
      position = undefined;
      if (clock.monotonicMs() - missingSinceMs >= missingHoldMs) replace(sink, new Map());
    } else {
      missingSinceMs = undefined;
    }
    if (isKubeError(err, 410) && !starting) return backOff.next(err.retryAfterMs);
    const detail = err.status === 404 ? `the API server does not know ${path}: is its CRD installed?` : err.message;
    if (detail !== failure) sink.failed(detail, err.status);
    failure = detail;
    return backOff.next(err.retryAfterMs);
  }

  return {
    async run(sink, signal) {
      while (!signal.aborted) {
        try {
          await step(sink, signal);
        } catch (err) {
          if (signal.aborted) return;
          if (!(err instanceof KubeError)) throw err;
          const waitMs = failed(sink, err);
          if (waitMs > 0) await sleep(clock, waitMs, signal);
        }
      }
    },
  };
}

/** Rejects what a watch says when it cannot go on: its position is lost, whatever the reason. */
function readEvent({ type, object }: WatchEvent): KubeObject {
  if (type === 'ERROR') {
    const { code, reason, message } = (object ?? {}) as { code?: number; reason?: string; message?: string };
    throw new KubeError(`the watch ended: ${message ?? reason ?? code}`, { status: 410, reason: reason ?? '' });
  }
  // A bookmark has a position, and no name.
  const parsed = type === 'BOOKMARK' ? (object as KubeObject) : parseKubeObject(object);
  if (typeof parsed?.metadata?.resourceVersion === 'string') return parsed;
  throw new KubeError(`the watch sent an object without identity (${type})`);
}

function toChange({ type }: WatchEvent, object: KubeObject): ObjectChange {
  if (type !== 'DELETED') return { kind: 'set', object };
  return { kind: 'remove', namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}
