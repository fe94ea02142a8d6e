import type { Log } from '../telemetry/log.ts';
import {
  type CustomResource,
  type CustomResourceChange,
  type ResourceKind,
  type ResourceSource,
  resourceKinds,
} from '../custom-resources/resource-source.ts';
import type { Clock } from '../timing/clock.ts';
import type { KubeClient } from './kube-client.ts';
import { type KubeObject, apiPath, objectKey } from './kube-object.ts';
import { type ObjectChange, createReflector } from './reflector.ts';

/** What a source over an API server is made of. */
export interface KubernetesSourceOptions {
  readonly client: KubeClient;
  /** The namespaces that are read; empty: all. Kinds without namespaces are read in any case. */
  readonly namespaces: readonly string[];
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Told of every change as the API server sent it, also of those of `status` alone; before the sink is. */
  readonly observe?: (kind: ResourceKind, changes: readonly ObjectChange[]) => void;
}

const clusterScoped: ReadonlySet<ResourceKind> = new Set(['GatewayClass']);

/** Secrets are watched one by one, by who was told their names. */
const watchedKinds = Object.keys(resourceKinds).filter((kind) => kind !== 'Secret') as ResourceKind[];

/** Kinds that came later than others: an installation may lack their CRDs or rights, and must serve all the same. */
const lateKinds: ReadonlySet<ResourceKind> = new Set(['TailscaleTailnet']);

/** How long the end of the start waits for late kinds when all others are there. */
const lateMs = 10_000;

/** Mirrors all kinds that are read; a kind that cannot be read leaves the others alone. */
export function createKubernetesSource(options: KubernetesSourceOptions): ResourceSource {
  const { client, namespaces, clock, random, log, observe } = options;
  return {
    name: 'kubernetes',
    async run(sink, signal) {
      const collections = watchedKinds.flatMap((kind) =>
        (clusterScoped.has(kind) || namespaces.length === 0 ? [undefined] : namespaces).map((namespace) => ({
          kind,
          path: apiPath(resourceKinds[kind], { namespace }),
        })),
      );
      const unsynced = new Set(collections);
      let cancel: (() => void) | undefined;
      let isSynced = false;
      const finish = () => {
        cancel?.();
        if (!isSynced && !signal.aborted) sink.synced();
        isSynced = true;
      };
      const progress = () => {
        if (unsynced.size === 0) finish();
        else if ([...unsynced].every(({ kind }) => lateKinds.has(kind))) cancel ??= clock.setTimeout(finish, lateMs);
      };
      await Promise.all(
        collections.map(async (collection) => {
          const { kind, path } = collection;
          const collectionLog = log.child({ path });
          const told = createChangeFilter();
          await createReflector({ client, path, clock, random }).run(
            {
              changed(changes) {
                observe?.(kind, changes);
                const relevant = changes.filter(told).map((change) => toResourceChange(kind, change));
                if (relevant.length > 0) sink.changed(relevant);
              },
              synced() {
                unsynced.delete(collection);
                progress();
              },
              failed: (detail) => sink.failed({ place: path, detail }),
              recovered: () => collectionLog.info({}, 'reads the collection again'),
            },
            signal,
          );
        }),
      );
      cancel?.();
    },
  };
}

/** Lets through what differs in more than `status`: whoever writes status would otherwise wake itself. */
function createChangeFilter(): (change: ObjectChange) => boolean {
  const told = new Map<string, string>();
  return (change) => {
    if (change.kind === 'remove') {
      told.delete(objectKey(change));
      return true;
    }
    const { uid, generation, labels = {} } = change.object.metadata;
    const key = objectKey(change.object.metadata);
    const content = JSON.stringify([uid, generation, labels]);
    // Without a generation nothing says whether the spec is the same.
    if (generation !== undefined && told.get(key) === content) return false;
    told.set(key, content);
    return true;
  };
}

function toResourceChange(kind: ResourceKind, change: ObjectChange): CustomResourceChange {
  return change.kind === 'set'
    ? { kind: 'set', resource: toResource(kind, change.object) }
    : { kind: 'remove', key: { kind, namespace: change.namespace, name: change.name } };
}

function toResource(kind: ResourceKind, { metadata, spec }: KubeObject): CustomResource {
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation ?? 0,
    createdMs: Date.parse(metadata.creationTimestamp ?? '') || 0,
    labels: metadata.labels ?? {},
    spec,
    place: '',
  };
}
