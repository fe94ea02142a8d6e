import type { Log } from '../telemetry/log.ts';
import type { ResourceKind } from '../custom-resources/resource-source.ts';
import type { Clock } from '../timing/clock.ts';
import { createBurstLimit } from '../timing/burst-limit.ts';
import type { GatewayTranslation } from '../gateway/acknowledgement.ts';
import { readTranslation } from './gateway-translation.ts';
import { createKeyedQueue } from './keyed-queue.ts';
import type { KubeClient } from './kube-client.ts';
import { type KubeError, isKubeError } from './kube-error.ts';
import { type KubeObject, apiPath, objectKey } from './kube-object.ts';
import { type ObjectChange, createReflector } from './reflector.ts';
import { applyObject, fieldManager } from './server-side-apply.ts';

/**
 * Keeps one TailscaleGatewayRevision for each Gateway that has something injected: Envoy Gateway watches them, and
 * translates again, which calls the hooks, when the spec of one changes.
 */
export interface RevisionWriter {
  /**
   * The revision of each Gateway that has something injected, by `namespace/name`, equal on every replica; the objects of
   * other Gateways go. Nothing is written before the first call.
   */
  desire(revisions: ReadonlyMap<string, string>): void;
  /** What there is of each kind; Gateways matter. */
  observe(kind: ResourceKind, changes: readonly ObjectChange[]): void;
  /** What Envoy Gateway has made of a Gateway's desired revision, by `namespace/name`. */
  translation(gateway: string): GatewayTranslation;
  /** Writes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** What a writer of revisions is made of. */
export interface RevisionWriterOptions {
  readonly client: KubeClient;
  /** The namespaces that are read; empty: all. */
  readonly namespaces: readonly string[];
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** What Envoy Gateway has made of a revision may be different now. */
  readonly onObserved?: () => void;
  /** How long changes are collected before they are written; default: 50 ms. */
  readonly debounceMs?: number;
  /**
   * How long an object that others removed or changed is left as it is, since two that disagree must not keep each other
   * busy; default: 30 s.
   */
  readonly repairMs?: number;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
const ownerLabel = 'app.kubernetes.io/managed-by';
const owner = 'tailway';

const revisions = { group: 'gateway.tailscale.com', version: 'v1alpha1', plural: 'tailscalegatewayrevisions' };

/** How many revisions of a Gateway are written one after another, and how far apart those after them are: each is a translation. */
const pace = { burst: 5, everyMs: 1000 };

/**
 * Every replica writes, since a change must not wait for a leader; the same revision again changes nothing at the API
 * server. A replica that learns of a change only after another has written it adds a number to the revision: Envoy
 * Gateway may have asked it in between, and got the answer of before.
 */
export function createRevisionWriter(options: RevisionWriterOptions): RevisionWriter {
  const { client, namespaces, clock, random, log, debounceMs = 50, repairMs = 30_000 } = options;
  /** By the Gateway's key, which is that of its object too. */
  let desired: ReadonlyMap<string, string> | undefined;
  const gateways = new Map<string, KubeObject['metadata']>();
  const observed = new Map<string, KubeObject>();
  /** Keys whose desired revision is not written yet; what others do to those that are is no reason to write. */
  const changed = new Map<string, { readonly late: boolean }>();
  const queue = createKeyedQueue({ work, failed, clock, random });
  const limit = createBurstLimit({ clock, ...pace });
  let unsynced = Math.max(1, namespaces.length);

  async function work(key: string, signal: AbortSignal): Promise<void> {
    const change = changed.get(key);
    if (desired === undefined || change === undefined) return;
    const wanted = desired.get(key);
    const found = observed.get(key);
    if (found !== undefined && !isOurs(found)) {
      log.warn({ revision: key }, 'leaves a revision alone that others own');
    } else if (wanted !== undefined) {
      const revision = revisionToWrite(wanted, found, change.late);
      if (revision !== revisionOf(found) || isChangedByOthers(found)) {
        const waitMs = limit.take(key);
        if (waitMs > 0) {
          queue.add(key, waitMs);
          return;
        }
        await apply(key, revision, signal);
      }
    } else if (found !== undefined) {
      await remove(found, signal);
    }
    // What changed meanwhile is another change.
    if (changed.get(key) === change) changed.delete(key);
  }

  async function apply(key: string, revision: string, signal: AbortSignal): Promise<void> {
    const gateway = gateways.get(key);
    // It went a moment ago, and its revision with it.
    if (gateway === undefined) return;
    const { namespace = '', name, uid } = gateway;
    const { group, version } = revisions;
    const applied = await applyObject({
      client,
      path: apiPath(revisions, { namespace, name }),
      object: {
        apiVersion: `${group}/${version}`,
        kind: 'TailscaleGatewayRevision',
        metadata: {
          name,
          namespace,
          labels: { [ownerLabel]: owner },
          // So that it goes with its Gateway, also while nobody runs who would remove it.
          ownerReferences: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name, uid }],
        },
        spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name }], revision },
      },
      signal,
    });
    // The watch tells of it later: by then it may not be wanted any more, and what is not known is not removed.
    observed.set(key, applied);
    log.info({ gateway: key, revision }, 'asked Envoy Gateway to translate');
  }

  async function remove({ metadata }: KubeObject, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, resourceVersion } = metadata;
    await client.request({
      method: 'DELETE',
      path: apiPath(revisions, { namespace, name }),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
      signal,
    });
    log.info({ gateway: `${namespace}/${name}` }, 'nothing is injected any more');
  }

  function failed(key: string, err: KubeError): void {
    // Another replica was faster, or the namespace is going.
    if (isKubeError(err, 404, 409)) log.debug({ revision: key, error: err.message }, 'cannot write a revision');
    else log.warn({ revision: key, error: err.message }, 'cannot write a revision');
  }

  function mark(key: string): void {
    const revision = desired?.get(key);
    changed.set(key, { late: revision !== undefined && isOfRevision(observed.get(key), revision) });
    queue.add(key, debounceMs);
  }

  /** What others did to an object of ours goes again, though not at once. */
  function repairLater(key: string): void {
    if (!desired?.has(key) || changed.has(key)) return;
    changed.set(key, { late: false });
    queue.add(key, repairMs);
  }

  /** Once it is known what there is and what should be. What Envoy Gateway was told before is not: all of it counts as changed. */
  function start(): void {
    if (desired === undefined || unsynced > 0) return;
    const leftOver = [...observed].filter(([key, object]) => isOurs(object) && !desired?.has(key));
    for (const key of [...desired.keys(), ...leftOver.map(([key]) => key)]) mark(key);
  }

  return {
    desire(next) {
      const before = desired;
      desired = new Map(next);
      if (before === undefined) return start();
      if (unsynced > 0) return undefined;
      for (const key of new Set([...desired.keys(), ...before.keys()])) {
        if (before.get(key) !== desired.get(key)) mark(key);
      }
      return undefined;
    },
    observe(kind, changes) {
      if (kind !== 'Gateway') return;
      for (const change of changes) {
        if (change.kind === 'set') gateways.set(objectKey(change.object.metadata), change.object.metadata);
        else gateways.delete(objectKey(change));
      }
    },
    translation(gateway) {
      const revision = desired?.get(gateway);
      const object = observed.get(gateway);
      const isWritten = revision !== undefined && isOfRevision(object, revision);
      return object !== undefined && isWritten ? readTranslation(object) : { kind: 'pending' };
    },
    async run(signal) {
      const paths = (namespaces.length === 0 ? [undefined] : namespaces).map((namespace) =>
        apiPath(revisions, { namespace }),
      );
      const mirrors = paths.map((path) =>
        createReflector({ client, path, clock, random }).run(
          {
            changed(changes) {
              for (const change of changes) {
                const key = objectKey(change.kind === 'set' ? change.object.metadata : change);
                if (change.kind === 'set') observed.set(key, change.object);
                else observed.delete(key);
                if (change.kind === 'remove' || isChangedByOthers(change.object)) repairLater(key);
              }
              options.onObserved?.();
            },
            synced() {
              unsynced -= 1;
              start();
            },
            failed: (detail) => log.warn({ path, detail }, 'cannot read the revisions'),
            recovered: () => log.info({ path }, 'reads the revisions again'),
          },
          signal,
        ),
      );
      await Promise.all([...mirrors, queue.run(signal)]);
    },
  };
}

function isOurs(object: KubeObject): boolean {
  return object.metadata.labels?.[ownerLabel] === owner || appliedFields(object) !== undefined;
}

/** Whether an object of ours is not as a replica has written it: whoever changes a field owns it. */
function isChangedByOthers(object: KubeObject | undefined): boolean {
  if (object?.metadata.managedFields === undefined || !isOurs(object)) return false;
  const spec = appliedFields(object)?.['f:spec'] ?? {};
  const isWhole = 'f:revision' in spec && 'f:targetRefs' in spec;
  return !isWhole || object.metadata.labels?.[ownerLabel] !== owner;
}

/** The fields that replicas have written, and nobody else since; undefined: none. */
function appliedFields({ metadata: { managedFields = [] } }: KubeObject): { 'f:spec'?: object } | undefined {
  const own = managedFields.find(({ manager, operation }) => manager === fieldManager && operation === 'Apply');
  return own?.fieldsV1 as { 'f:spec'?: object } | undefined;
}

function revisionOf(object: KubeObject | undefined): string {
  const { revision } = (object?.spec ?? {}) as { revision?: unknown };
  return typeof revision === 'string' ? revision : '';
}

/** Whether an object has this revision, with a number behind it or without. */
function isOfRevision(object: KubeObject | undefined, revision: string): boolean {
  const found = revisionOf(object);
  return found.startsWith(revision) && /^[0-9]*$/.test(found.slice(revision.length));
}

/**
 * What another replica wrote after we had the same in mind is as good as ours. A number behind the revision, which has
 * always the same length, makes it another one.
 */
function revisionToWrite(revision: string, found: KubeObject | undefined, late: boolean): string {
  if (!isOfRevision(found, revision)) return revision;
  const written = revisionOf(found);
  return late ? `${revision}${Number(written.slice(revision.length)) + 1}` : written;
}
