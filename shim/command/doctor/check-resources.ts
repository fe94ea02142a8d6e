import { apiPath } from '../../kubernetes/kube-object.ts';
import type { ClusterObjects } from './cluster-objects.ts';
import type { Finding } from './diagnosis.ts';

/** The kinds whose statuses the shim writes, with the conditions that say that something does not work. */
const kinds = [
  { kind: 'TailscaleEndpoints', plural: 'tailscaleendpoints', conditions: ['Accepted', 'ResolvedRefs', 'Programmed'] },
  { kind: 'TailscaleTailnet', plural: 'tailscaletailnets', conditions: ['Accepted', 'ResolvedRefs', 'Ready'] },
] as const;

/** How many resources of a kind are named. */
const maxNamed = 20;

interface Resource {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly generation?: number };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

/** Which resources say that they do not work, or say nothing, as they do when no replica leads. */
export async function checkResources(cluster: ClusterObjects, namespaces: readonly string[]): Promise<Finding[]> {
  const places = namespaces.length === 0 ? [undefined] : namespaces;
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const lists = await Promise.all(places.map((namespace) => list(cluster, kind.plural, namespace)));
      return checkKind(kind, lists);
    }),
  );
  return found.flat();
}

/** Undefined: they cannot be listed. */
async function list(
  cluster: ClusterObjects,
  plural: string,
  namespace: string | undefined,
): Promise<readonly Resource[] | undefined> {
  const found = await cluster.get(
    apiPath({ group: 'gateway.tailscale.com', version: 'v1alpha1', plural }, { namespace }),
  );
  // The API server's own answer.
  return found.kind === 'found' ? ((found.object as { readonly items?: readonly Resource[] }).items ?? []) : undefined;
}

function checkKind(
  { kind, conditions }: (typeof kinds)[number],
  lists: readonly (readonly Resource[] | undefined)[],
): Finding[] {
  if (lists.includes(undefined)) return [{ level: 'skipped', subject: kind, detail: 'cannot be listed' }];
  const resources = lists.flatMap((items) => items ?? []);
  const bad = resources.flatMap((resource) => checkResource(kind, conditions, resource));
  const more = bad.length - maxNamed;
  return [
    {
      level: 'ok',
      subject: kind,
      detail: `${resources.length - bad.length} of ${resources.length} say that all is well`,
    },
    ...bad.slice(0, maxNamed),
    ...(more > 0 ? [{ level: 'warning' as const, subject: kind, detail: `${more} more do not` }] : []),
  ];
}

/** At most one finding, of the first condition that is not met: the others mostly follow from it. */
function checkResource(kind: string, types: readonly string[], { metadata, status }: Resource): Finding[] {
  const { namespace, name, generation } = metadata;
  const subject = `${kind} ${namespace}/${name}`;
  const remedy = `kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}`;
  const conditions = status?.conditions ?? [];
  const current = conditions.filter(({ observedGeneration }) => observedGeneration === generation);
  if (current.length === 0) {
    const detail = 'has no status for what it says now: no replica leads, or none has read it';
    return [{ level: 'warning', subject, detail, remedy: 'tailway status' }];
  }
  const unmet = types.flatMap((type) => current.find((each) => each.type === type && each.status === 'False') ?? []);
  const [first] = unmet;
  return first === undefined
    ? []
    : [{ level: 'warning', subject, detail: `is not ${first.type}: ${first.message ?? ''}`, remedy }];
}
