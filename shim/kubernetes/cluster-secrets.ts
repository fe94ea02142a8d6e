import type { Clock } from '../timing/clock.ts';
import { readSecretValues, type SecretSource } from '../tailnets/secret-source.ts';
import type { Log } from '../telemetry/log.ts';
import type { KubeClient } from './kube-client.ts';
import { apiPath } from './kube-object.ts';
import { createReflector } from './reflector.ts';

const secrets = { group: '', version: 'v1', plural: 'secrets' };

/**
 * Secrets of a cluster, each watched alone by its name: rights to list and watch that one Secret are enough. What was read
 * stays while the API server cannot be reached.
 */
export function createClusterSecrets(options: {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}): SecretSource {
  const { client, clock, random, log } = options;
  return {
    watch({ namespace, name }, tell) {
      const end = new AbortController();
      const secretLog = log.child({ secret: `${namespace}/${name}` });
      let isKnown = false;
      const reflector = createReflector({
        client,
        path: apiPath(secrets, { namespace }),
        fieldSelector: `metadata.name=${name}`,
        clock,
        random,
      });
      const running = reflector.run(
        {
          changed(changes) {
            const last = changes.findLast((change) => nameOf(change) === name);
            if (last === undefined || end.signal.aborted) return;
            isKnown = true;
            // A Secret has no spec; its fields are beside where one would be.
            if (last.kind === 'set') tell({ kind: 'found', values: readSecretValues(last.object as object) });
            else tell({ kind: 'missing' });
          },
          synced() {
            if (!isKnown && !end.signal.aborted) tell({ kind: 'missing' });
            isKnown = true;
          },
          failed(detail, status) {
            secretLog.warn({ error: detail }, 'cannot read a secret');
            if (!isKnown && !end.signal.aborted) tell({ kind: 'unreadable', forbidden: status === 403, detail });
          },
          recovered: () => secretLog.info({}, 'reads the secret again'),
        },
        end.signal,
      );
      running.catch((err: unknown) => secretLog.error({ err }, 'failed to watch a secret'));
      return () => end.abort();
    },
  };
}

function nameOf(change: { kind: 'set'; object: { metadata: { name: string } } } | { kind: 'remove'; name: string }) {
  return change.kind === 'set' ? change.object.metadata.name : change.name;
}
