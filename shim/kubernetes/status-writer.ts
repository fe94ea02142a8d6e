import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../log.ts';
import { type ResourceKey, type ResourceKind, resourceKinds } from '../custom-resources/resource-source.ts';
import type { Clock } from '../sources/clock.ts';
import { createKeyedQueue } from './keyed-queue.ts';
import type { KubeClient } from './kube-client.ts';
import { type KubeError, isKubeError } from './kube-error.ts';
import { apiPath } from './kube-object.ts';
import { createRateLimit } from './rate-limit.ts';
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

interface Entry {
  readonly key: ResourceKey;
  desired?: DesiredStatus;
  /** What the API server has; its uid says of which resource. */
  observed?: { readonly uid: string; readonly status: unknown };
  /** The desired status that was written, refused, or found to be there, and what the API server made of it. */
  settled?: { readonly desired: ResourceStatus; readonly result: unknown; readonly atMs: number };
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
    if (signal.aborted || entry.desired === undefined || !needsWrite(entry)) return;
    const { resource, status } = entry.desired;
    const { group, version, plural } = resourceKinds[resource.kind];
    const desired = withTransitionTimes(status, observedStatus(entry), clock.now());
    const applied = await applyObject({
      client,
      path: apiPath({ group, version, plural }, { ...resource, subresource: 'status' }),
      object: {
        apiVersion: `${group}/${version}`,
        kind: resource.kind,
        metadata: { name: resource.name, namespace: resource.namespace, uid: resource.uid },
        status: desired,
      },
      signal,
    });
    entry.observed = { uid: applied.metadata.uid, status: applied.status };
    entry.settled = { desired: status, result: applied.status, atMs: clock.now() };
  }

  function needsWrite(entry: Entry): boolean {
    const { desired, observed } = entry;
    if (desired === undefined) return false;
    if (entry.settled === undefined && observed?.uid === desired.resource.uid) {
      // What a former leader wrote counts as written.
      const same = isSameStatus(observed.status, desired.status, volatileFields);
      if (same) entry.settled = { desired: desired.status, result: observed.status, atMs: clock.now() };
    }
    // Compared with what was asked for: the API server may keep less, or more, than it is given.
    const { settled } = entry;
    if (settled === undefined || !isSameStatus(settled.desired, desired.status, volatileFields)) return true;
    return clock.now() - settled.atMs >= refreshMs && !isSameStatus(settled.desired, desired.status, []);
  }

  function failed(id: string, err: KubeError): void {
    const entry = entries.get(id);
    if (entry?.desired === undefined) return;
    // Gone, or another of its name: whoever desires statuses will know soon.
    if (isKubeError(err, 404, 409)) return void delete entry.desired;
    if (isKubeError(err, 400, 422)) {
      entry.settled = { desired: entry.desired.status, result: entry.observed?.status, atMs: clock.now() };
    }
    log.warn({ ...entry.key, error: err.message }, 'cannot write a status');
  }

  return {
    desire(statuses) {
      const wanted = new Map(statuses.map((desired) => [idOf(desired.resource), desired]));
      for (const [id, entry] of entries) if (!wanted.has(id)) delete entry.desired;
      for (const [id, { resource, status }] of wanted) {
        const { kind, namespace, name, uid } = resource;
        const entry = entryOf({ kind, namespace, name });
        if (entry.desired !== undefined && entry.desired.resource.uid !== uid) delete entry.settled;
        // As the API server gives it back: without fields that are undefined.
        entry.desired = { resource: { kind, namespace, name, uid }, status: JSON.parse(JSON.stringify(status)) };
        if (needsWrite(entry)) queue.add(id);
      }
      sweep();
    },
    observe(kind, changes) {
      for (const change of changes) {
        const { namespace = '', name } = change.kind === 'set' ? change.object.metadata : change;
        const entry = entryOf({ kind, namespace, name });
        if (change.kind === 'remove') {
          delete entry.observed;
          delete entry.settled;
          continue;
        }
        const { status, metadata } = change.object;
        entry.observed = { uid: metadata.uid, status };
        if (entry.settled !== undefined && !isDeepStrictEqual(entry.settled.result, status)) {
          delete entry.settled;
          queue.add(idOf({ kind, namespace, name }), repairMs);
        }
      }
      sweep();
    },
    run: (signal) => queue.run(signal),
  };

  /** What is neither wanted nor there. */
  function sweep(): void {
    for (const [id, { desired, observed }] of entries) {
      if (desired === undefined && observed === undefined) entries.delete(id);
    }
  }
}

function observedStatus({ desired, observed }: Entry): unknown {
  return observed?.uid === desired?.resource.uid ? observed?.status : undefined;
}

function idOf({ kind, namespace, name }: ResourceKey): string {
  return `${kind}/${namespace}/${name}`;
}
