import type { ResourceKind } from './custom-resources/resource-source.ts';
import type { GatewayStore } from './gateway/gateway-state.ts';
import type { ObjectChange } from './kubernetes/reflector.ts';
import { createRevisionWriter, type RevisionWriterOptions } from './kubernetes/revision-writer.ts';

/** What is written back into a cluster. */
export interface ClusterWriters {
  /** What the API server has, as it tells it. */
  observe(kind: ResourceKind, changes: readonly ObjectChange[]): void;
  /** Writes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** The writers of what a gateway store decides: the revisions that make Envoy Gateway translate again, by every replica. */
export function createClusterWriters(
  options: RevisionWriterOptions & { readonly store: GatewayStore },
): ClusterWriters {
  const { store } = options;
  const revisions = createRevisionWriter(options);

  function desire(): void {
    if (store.synced) revisions.desire(store.gatewayRevisions());
  }

  return {
    observe: revisions.observe,
    async run(signal) {
      const unobserve = [store.observe(desire), store.observeResources(desire)];
      desire();
      await revisions.run(signal);
      for (const stop of unobserve) stop();
    },
  };
}
