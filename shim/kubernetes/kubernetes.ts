import type { Log } from '../log.ts';
import type { ResourceSource } from '../custom-resources/resource-source.ts';
import type { Clock } from '../sources/clock.ts';
import { type EventWriter, createEventWriter } from './event-writer.ts';
import type { KubeClient } from './kube-client.ts';
import { createKubernetesSource } from './kubernetes-source.ts';
import { createLeaderLease } from './leader-lease.ts';
import { type RevisionWriter, createRevisionWriter } from './revision-writer.ts';
import { type StatusWriter, createStatusWriter } from './status-writer.ts';

/** What an API server is asked for and told. */
export interface Kubernetes {
  /** The custom resources, and the Gateways. */
  readonly source: ResourceSource;
  /** Every replica asks Envoy Gateway to translate. */
  readonly revisions: Pick<RevisionWriter, 'desire'>;
  /** Only the leader writes these; all others only remember what should be. */
  readonly statuses: Pick<StatusWriter, 'desire'>;
  /** Only the leader writes these; what others are told is dropped. */
  readonly events: Pick<EventWriter, 'tell'>;
  /** Whether this replica leads. */
  readonly leading: boolean;
  /** Writes until `signal` aborts, and gives the lease back then. The source runs by itself. */
  run(signal: AbortSignal): Promise<void>;
}

/** What {@link Kubernetes} is made of. */
export interface KubernetesOptions {
  readonly client: KubeClient;
  /** The namespaces that are read and written; empty: all. */
  readonly namespaces: readonly string[];
  /** Where the lease is, and its name: equal on all replicas of one installation. */
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Name of this replica; no other may have it. */
  readonly identity: string;
  /** Statuses, and Events, written per second at most. */
  readonly writesPerSecond: number;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Builds source and writers over one client; nothing runs yet. */
export function createKubernetes(options: KubernetesOptions): Kubernetes {
  const { client, namespaces, lease, identity, writesPerSecond: perSecond, clock, random, log } = options;
  const common = { client, clock, random };
  const statuses = createStatusWriter({ ...common, perSecond, log: log.child({ component: 'status' }) });
  const events = createEventWriter({ ...common, perSecond, identity, log: log.child({ component: 'events' }) });
  const revisions = createRevisionWriter({ ...common, namespaces, log: log.child({ component: 'revisions' }) });
  const leader = createLeaderLease({ client, clock, identity, ...lease, log: log.child({ component: 'leader' }) });
  let leading = false;

  async function lead(signal: AbortSignal): Promise<void> {
    leading = true;
    await Promise.all([statuses.run(signal), events.run(signal)]);
    leading = false;
  }

  return {
    source: createKubernetesSource({
      ...common,
      namespaces,
      log: log.child({ component: 'resources' }),
      observe(kind, changes) {
        revisions.observe(kind, changes);
        if (kind === 'TailscaleEndpoints') statuses.observe(kind, changes);
      },
    }),
    revisions,
    statuses,
    events,
    get leading() {
      return leading;
    },
    async run(signal) {
      await Promise.all([revisions.run(signal), leader.run(lead, signal)]);
    },
  };
}
