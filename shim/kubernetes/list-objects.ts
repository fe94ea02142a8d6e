import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import { type KubeObject, objectKey, parseKubeObject } from './kube-object.ts';

/** A collection at one moment of its history. */
export interface ListedObjects {
  /** By {@link objectKey}. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

/** Small enough that a page's parsing stalls nobody. */
const pageSize = 250;

/**
 * Lists a collection page by page.
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export async function listObjects(options: {
  readonly client: KubeClient;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<ListedObjects> {
  const { client, path, query, signal } = options;
  const objects = new Map<string, KubeObject>();
  for (let next = ''; ;) {
    const page = await client.request({
      path,
      query: { ...query, limit: `${pageSize}`, ...(next === '' ? {} : { continue: next }) },
      signal,
    });
    const { items, metadata } = (page ?? {}) as {
      items?: readonly unknown[] | null;
      metadata?: { resourceVersion?: string; continue?: string };
    };
    if (typeof metadata?.resourceVersion !== 'string') throw new KubeError(`GET ${path} answered with no list`);
    for (const item of items ?? []) {
      const object = parseKubeObject(item);
      if (object !== undefined) objects.set(objectKey(object.metadata), object);
    }
    next = metadata.continue ?? '';
    if (next === '') return { objects, resourceVersion: metadata.resourceVersion };
  }
}
