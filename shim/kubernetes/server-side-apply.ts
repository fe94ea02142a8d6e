import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import { type KubeObject, parseKubeObject } from './kube-object.ts';

/** Owner of every field that this process writes. */
export const fieldManager = 'tailway';

/**
 * Applies an object, or its status by the path of that subresource: fields of ours that are left out go, those of others stay.
 * What others wrote is taken over, since each of these fields has one owner: this process.
 *
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export async function applyObject(options: {
  readonly client: KubeClient;
  readonly path: string;
  /** With `apiVersion`, `kind` and `metadata.name`, and without `metadata.managedFields`. */
  readonly object: object;
  readonly signal: AbortSignal;
}): Promise<KubeObject> {
  const { client, path, object, signal } = options;
  const answer = await client.request({
    method: 'PATCH',
    path,
    query: { fieldManager, force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: object,
    signal,
  });
  const applied = parseKubeObject(answer);
  if (applied === undefined) throw new KubeError(`PATCH ${path} answered with no object`);
  return applied;
}
