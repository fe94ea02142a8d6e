import { access } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { delimiter } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { KubeCredentials } from './kube-client.ts';

/** Mounted into every pod that may ask the API server. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** How to reach the API server, and the namespace that its context names. */
export interface LoadedKubeConfig extends KubeCredentials {
  /** Where the pod runs, or the context's namespace; `default` where there is none. */
  readonly namespace: string;
}

/**
 * Loads kubeconfig files, several with the PATH's delimiter between them; without any, the pod's own credentials; undefined outside of a cluster.
 * Rejects, with the setting's name, for files that cannot be used.
 */
export async function loadKubeConfig(options: {
  readonly kubeconfig: string | undefined;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
}): Promise<LoadedKubeConfig | undefined> {
  const files = (options.kubeconfig ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length === 0 && !(await runsInCluster(options.environment))) return undefined;
  // Takes 0.7 s and 127 MiB, which nobody pays who reads resources from a folder.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (files.length === 0) config.loadFromCluster();
    for (const file of files) {
      const next = new KubeConfig();
      next.loadFromFile(file);
      config.mergeConfig(next, Boolean(config.currentContext));
    }
    return toCredentials(config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`--kubeconfig, KUBECONFIG: failed to load ${files.join(delimiter) || 'the pod'}: ${reason}`, {
      cause,
    });
  }
}

async function runsInCluster(environment: Readonly<NodeJS.ProcessEnv>): Promise<boolean> {
  const named = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  return named !== '' && (await exists(tokenFile));
}

function toCredentials(config: KubeConfig): LoadedKubeConfig {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('no cluster in the current context');
  return {
    server: new URL(cluster.server),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace || 'default',
    async options() {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      if (cluster.proxyUrl !== undefined) return options;
      // Its agent would keep the certificates of its first request for ever.
      const { agent: _, ...rest } = options;
      return rest;
    },
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
