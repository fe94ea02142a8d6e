import type { GatewayStore } from './gateway/gateway-state.ts';
import { createRevisionWriter, type RevisionWriterOptions } from './kubernetes/revision-writer.ts';

/** What is written back into a cluster. */
export interface ClusterWriters {
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
    async run(signal) {
      const unobserve = [store.observe(desire), store.observeResources(desire)];
      desire();
      await revisions.run(signal);
      for (const stop of unobserve) stop();
    },
  };
}
