import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../telemetry/log.ts';
import { type ResourceKey, type ResourceKind, resourceKinds } from '../custom-resources/resource-source.ts';
import type { Clock } from '../timing/clock.ts';
import { createKeyedQueue } from './keyed-queue.ts';
import type { KubeClient } from './kube-client.ts';
import { type KubeError, isKubeError } from './kube-error.ts';
import { type KubeObject, apiPath } from './kube-object.ts';
import { createRateLimit } from '../timing/rate-limit.ts';
import type { ObjectChange } from './reflector.ts';
import { applyObject } from './server-side-apply.ts';
import { type ResourceStatus, isSameStatus, withTransitionTimes } from './status-conditions.ts';

/** What the status of a resource should say. */
export interface DesiredStatus {
  /** Without its `uid`, a status could land on another resource of the same name. */
  readonly resource: ResourceKey & { readonly uid: string };
  readonly status: ResourceStatus;
}

/** Writes the statuses of resources, as the leader does. */
export interface StatusWriter {
  /** All statuses that should be; what was asked for before and is missing here is forgotten, not removed. */
  desire(statuses: readonly DesiredStatus[]): void;
  /** What the API server has, of each kind that statuses are written of. */
  observe(kind: ResourceKind, changes: readonly ObjectChange[]): void;
  /** Writes until `signal` aborts. May be called again. */
  run(signal: AbortSignal): Promise<void>;
}

/** What a status writer is made of. */
export interface StatusWriterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Writes per second at most; default: 5. */
  readonly perSecond?: number;
  /** Fields of a status that are no reason to write by themselves until {@link refreshMs} have passed; default: `lastSync`. */
  readonly volatileFields?: readonly string[];
  /** How old volatile fields may become; default: 5 minutes. */
  readonly refreshMs?: number;
}

interface Observed {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly status: unknown;
}

interface Entry {
  readonly key: ResourceKey;
  desired?: DesiredStatus & { readonly text: string };
  /** What the API server has; its uid says of which resource. */
  observed?: Observed;
  /** The desired status that was written, refused, or found to be there, and what the API server made of it. */
  settled?: { readonly desired: ResourceStatus; readonly result: unknown; readonly atMs: number };
  /** The failure that was told last, until a write succeeds. */
  failure?: string;
}

/** How long what others do to a status is left alone: two that disagree must not keep each other busy. */
const repairMs = 30_000;

/** A writer that writes a status only when it says something else than what the API server has. */
export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { client, clock, random, log, perSecond = 5, volatileFields = ['lastSync'], refreshMs = 300_000 } = options;
  const entries = new Map<string, Entry>();
  const limit = createRateLimit({ clock, perSecond });
  const queue = createKeyedQueue({ work, failed, clock, random });

  function entryOf(key: ResourceKey): Entry {
    const id = idOf(key);
    const entry = entries.get(id) ?? { key };
    entries.set(id, entry);
    return entry;
  }

  async function work(id: string, signal: AbortSignal): Promise<void> {
    const entry = entries.get(id);
    if (entry === undefined || !needsWrite(entry)) return;
    await limit.take(signal);
    // Meanwhile it may have been observed, or be wanted otherwise.
    const { desired, observed } = entry;
    if (signal.aborted || desired === undefined || observed === undefined || !needsWrite(entry)) return;
    const { resource, status } = desired;
    const { group, version, plural } = resourceKinds[resource.kind];
    const applied = await applyObject({
      client,
      path: apiPath({ group, version, plural }, { ...resource, subresource: 'status' }),
      object: {
        apiVersion: `${group}/${version}`,
        kind: resource.kind,
        metadata: {
          name: resource.name,
          namespace: resource.namespace,
          // For a status the API server compares no uid; a version belongs to one resource, and is compared.
          resourceVersion: observed.resourceVersion,
        },
        status: withTransitionTimes(status, observed.status, clock.now()),
      },
      signal,
    });
    delete entry.failure;
    entry.observed = observedOf(applied);
    entry.settled = { desired: status, result: applied.status, atMs: clock.monotonicMs() };
  }

  function needsWrite(entry: Entry): boolean {
    const { desired, observed } = entry;
    // Of what has not been seen yet, or of a former one of its name, nothing is written; the next observation looks again.
    if (desired === undefined || observed?.uid !== desired.resource.uid) return false;
    // What a former leader wrote counts as written.
    if (entry.settled === undefined && isSameStatus(observed.status, desired.status, volatileFields)) {
      entry.settled = { desired: desired.status, result: observed.status, atMs: clock.monotonicMs() };
    }
    // Compared with what was asked for: the API server may keep less, or more, than it is given.
    const { settled } = entry;
    if (settled === undefined || !isSameStatus(settled.desired, desired.status, volatileFields)) return true;
    return clock.monotonicMs() - settled.atMs >= refreshMs && !isSameStatus(settled.desired, desired.status, []);
  }

  function failed(id: string, err: KubeError): void {
    const entry = entries.get(id);
    if (entry?.desired === undefined) return;
    // Gone, or changed a moment ago: what is observed next says which.
    if (isKubeError(err, 404, 409)) return;
    if (isKubeError(err, 400, 422)) {
      entry.settled = { desired: entry.desired.status, result: entry.observed?.status, atMs: clock.monotonicMs() };
    }
    if (entry.failure !== err.message) log.warn({ ...entry.key, error: err.message }, 'cannot write a status');
    entry.failure = err.message;
  }

  return {
    desire(statuses) {
      const wanted = new Map(statuses.map((desired) => [idOf(desired.resource), desired]));
      for (const [id, entry] of entries) {
        if (wanted.has(id)) continue;
        delete entry.desired;
        if (entry.observed === undefined) entries.delete(id);
      }
      for (const [id, { resource, status }] of wanted) {
        const { kind, namespace, name, uid } = resource;
        const entry = entryOf({ kind, namespace, name });
        const text = JSON.stringify(status);
        if (entry.desired?.text === text && entry.desired.resource.uid === uid) continue;
        if (entry.desired !== undefined && entry.desired.resource.uid !== uid) delete entry.settled;
        // As the API server gives it back: without fields that are undefined.
        entry.desired = { resource: { kind, namespace, name, uid }, status: JSON.parse(text), text };
        queue.add(id);
      }
    },
    observe(kind, changes) {
      for (const change of changes) {
        const { namespace = '', name } = change.kind === 'set' ? change.object.metadata : change;
        const id = idOf({ kind, namespace, name });
        const entry = entryOf({ kind, namespace, name });
        if (change.kind === 'remove') {
          delete entry.observed;
          delete entry.settled;
          if (entry.desired === undefined) entries.delete(id);
          continue;
        }
        const isNew = entry.observed?.uid !== change.object.metadata.uid;
        entry.observed = observedOf(change.object);
        if (isNew) {
          delete entry.settled;
          if (entry.desired !== undefined) queue.add(id);
        } else if (entry.settled !== undefined && !isDeepStrictEqual(entry.settled.result, entry.observed.status)) {
          delete entry.settled;
          queue.add(id, repairMs);
        }
      }
    },
    run: (signal) => queue.run(signal),
  };
}

function observedOf({ metadata, status }: KubeObject): Observed {
  return { uid: metadata.uid, resourceVersion: metadata.resourceVersion, status };
}

function idOf({ kind, namespace, name }: ResourceKey): string {
  return `${kind}/${namespace}/${name}`;
}
