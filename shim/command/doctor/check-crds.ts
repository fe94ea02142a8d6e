import type { ClusterObjects } from './cluster-objects.ts';
import type { Finding } from './diagnosis.ts';
import { findDifference } from './find-difference.ts';

/** A CustomResourceDefinition, as far as a doctor reads it. */
export interface CrdObject {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly versions: readonly {
      readonly name: string;
      readonly served?: boolean;
      readonly schema?: { readonly openAPIV3Schema?: unknown };
    }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const remedy = 'kubectl apply --server-side --force-conflicts -f deploy/crds (with Helm: helm upgrade)';

/** Whether the kinds that this version reads are installed, with the schemas of this version. */
export async function checkCrds(cluster: ClusterObjects, expected: readonly CrdObject[]): Promise<Finding[]> {
  return Promise.all(expected.map((crd) => checkCrd(cluster, crd)));
}

async function checkCrd(cluster: ClusterObjects, expected: CrdObject): Promise<Finding> {
  const subject = expected.metadata.name;
  const found = await cluster.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${subject}`);
  if (found.kind === 'unknown') return { level: 'skipped', subject, detail: found.detail };
  if (found.kind === 'absent') return { level: 'problem', subject, detail: 'is not installed', remedy };
  // The API server's own answer.
  const installed = found.object as CrdObject;
  if (installed.metadata.deletionTimestamp !== undefined) {
    const detail = 'is being deleted, and its resources with it';
    return { level: 'problem', subject, detail, remedy: `once it is gone: ${remedy}` };
  }
  const established = installed.status?.conditions?.find(({ type }) => type === 'Established');
  if (established?.status !== 'True') {
    return { level: 'problem', subject, detail: 'is not established', remedy: `kubectl describe crd ${subject}` };
  }
  for (const { name, schema } of expected.spec.versions) {
    const version = installed.spec.versions.find((each) => each.name === name);
    if (version?.served !== true) return { level: 'problem', subject, detail: `does not serve ${name}`, remedy };
    const place = findDifference(schema?.openAPIV3Schema, version.schema?.openAPIV3Schema);
    if (place !== undefined) {
      const detail = `is of another version of Tailway: ${name} differs at ${place || 'its root'}`;
      return { level: 'problem', subject, detail, remedy };
    }
  }
  return { level: 'ok', subject, detail: 'is installed, as this version has it' };
}
