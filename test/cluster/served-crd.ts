import type { KubeClient } from '../../shim/kubernetes/kube-client.ts';
import { apiPath } from '../../shim/kubernetes/kube-object.ts';

/** Where an API server has its CRDs. */
export const crdsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A CustomResourceDefinition, as far as tests read it. */
export interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string; readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** What a version of a group has. */
export interface Discovery {
  readonly resources: readonly { readonly kind: string; readonly name: string; readonly namespaced: boolean }[];
}

/**
 * Whether an API server tells of a CRD's kind in its discovery, and answers for it. Both follow a moment after it is
 * established. Rejects where either of them is not there at all.
 */
export async function isServed(client: KubeClient, { spec }: CustomResourceDefinition): Promise<boolean> {
  const { group, names, versions } = spec;
  const request = { timeoutMs: 2000, signal: new AbortController().signal };
  for (const { name: version } of versions.filter(({ served }) => served)) {
    const path = apiPath({ group, version, plural: names.plural });
    await client.request({ ...request, path, query: { limit: '1' } });
    const { resources } = (await client.request({ ...request, path: `/apis/${group}/${version}` })) as Discovery;
    if (!resources.some(({ name }) => name === names.plural)) return false;
  }
  return true;
}
