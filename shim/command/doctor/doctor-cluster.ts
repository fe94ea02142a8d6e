import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type LoadedKubeConfig, loadKubeConfig } from '../../kubernetes/kube-config.ts';
import { CommandFailure } from '../command-error.ts';

/** The cluster that a doctor asks. */
export interface DoctorCluster {
  readonly kube: LoadedKubeConfig;
  /** Whether this process runs in it, with the rights of its Pod. */
  readonly isOwn: boolean;
}

/**
 * Finds the cluster: of the kubeconfig that is named, the Pod's own, or the one that kubectl takes; undefined: there is
 * none. Throws a CommandFailure for a kubeconfig that cannot be used.
 */
export async function findCluster(
  kubeconfig: string | undefined,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<DoctorCluster | undefined> {
  try {
    const kube = await loadKubeConfig({ kubeconfig, environment });
    if (kube !== undefined) return { kube, isOwn: kubeconfig === undefined };
    const usual = join(environment['HOME'] ?? '', '.kube', 'config');
    if (environment['HOME'] === undefined || !(await exists(usual))) return undefined;
    const found = await loadKubeConfig({ kubeconfig: usual, environment });
    return found && { kube: found, isOwn: false };
  } catch (err) {
    throw new CommandFailure(err instanceof Error ? err.message : String(err), { cause: err });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
