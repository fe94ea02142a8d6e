import type { ResourceKind } from '../custom-resources/resource-source.ts';
import type { GatewayStore } from '../gateway/gateway-state.ts';
import { createEventWriter } from './event-writer.ts';
import type { KubeClient } from './kube-client.ts';
import { createLeaderLease } from './leader-lease.ts';
import type { ObjectChange } from './reflector.ts';
import type { GatewayTranslation } from '../gateway/acknowledgement.ts';
import { createRevisionWriter } from './revision-writer.ts';
import { createStatusWriter } from './status-writer.ts';
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../timing/clock.ts';
import { type StatusReporterOptions, createStatusReporter } from './status-reporter.ts';

/** What is written back into a cluster. */
export interface ClusterWriters {
  /** What the API server has, as it tells it. */
  observe(kind: ResourceKind, changes: readonly ObjectChange[]): void;
  /** Something that statuses say may be different now. */
  statusChanged(): void;
  /** What Envoy Gateway has made of a Gateway's revision, by `namespace/name`. */
  translation(gateway: string): GatewayTranslation;
  /** Whether this replica writes statuses and Events. */
  leads(): boolean;
  /** Writes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** What the writers are made of. */
export interface ClusterWritersOptions {
  readonly client: KubeClient;
  readonly store: GatewayStore;
  /** All statuses as they should be now. */
  readonly statuses: StatusReporterOptions['statuses'];
  /** The namespaces that are read; empty: all. */
  readonly namespaces: readonly string[];
  /** Where the lease of the leader is. */
  readonly leaseNamespace: string;
  /** Name of this replica. */
  readonly identity: string;
  readonly statusIntervalMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/**
 * The revisions that make Envoy Gateway translate again are written by every replica, so that a lost leader delays
 * nothing; statuses and Events are the leader's.
 */
export function createClusterWriters(options: ClusterWritersOptions): ClusterWriters {
  const { store, statusIntervalMs } = options;
  const revisions = createRevisionWriter({ ...options, onObserved: () => reporter.changed() });
  const statuses = createStatusWriter(options);
  const reporter = createStatusReporter({
    ...options,
    writer: statuses,
    events: createEventWriter(options),
    intervalMs: statusIntervalMs,
  });
  const lease = createLeaderLease({ ...options, namespace: options.leaseNamespace, name: 'tailway' });

  let leading = false;

  async function report(term: AbortSignal): Promise<void> {
    leading = true;
    await reporter.run(term);
    leading = false;
  }

  function stateChanged(): void {
    if (store.synced) revisions.desire(store.gatewayRevisions());
    reporter.changed();
  }

  return {
    observe(kind, changes) {
      revisions.observe(kind, changes);
      statuses.observe(kind, changes);
    },
    statusChanged: reporter.changed,
    translation: revisions.translation,
    leads: () => leading,
    async run(signal) {
      const unobserve = [store.observe(stateChanged), store.observeResources(stateChanged)];
      stateChanged();
      await Promise.all([revisions.run(signal), lease.run(report, signal)]);
      for (const stop of unobserve) stop();
    },
  };
}
