import { formatResourceKey } from './custom-resources/unique-resources.ts';
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
    if (!store.synced) return;
    revisions.desire(
      [...store.gatewayRevisions()].flatMap(([key, revision]) => {
        const [namespace = '', name = ''] = key.split('/');
        const gateway = store.gateways.get(formatResourceKey({ kind: 'Gateway', namespace, name }));
        return gateway === undefined ? [] : [{ gateway, revision }];
      }),
    );
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
