import type { Access, ClusterObjects, Person } from './cluster-objects.ts';
import type { Finding } from './diagnosis.ts';
import type { Right } from './shim-rights.ts';

/** Whose rights are checked, and where. */
export interface RightsQuestion {
  /** For people: `the shim`. */
  readonly name: string;
  /** Undefined: whoever asks. */
  readonly who: Person | undefined;
  readonly rights: readonly Right[];
  /** The namespaces whose resources count; empty: all. */
  readonly namespaces: readonly string[];
  /** The namespace that the shim runs in. */
  readonly ownNamespace: string;
  readonly remedy: string;
}

/** Whether someone may do all that has to be done. Each missing right is told, with what does not work without it. */
export async function checkRights(cluster: ClusterObjects, question: RightsQuestion): Promise<Finding[]> {
  const { name, who, rights, remedy } = question;
  const asked = rights.flatMap((right) => placesOf(right, question).map((access) => ({ access, right })));
  const answers = await Promise.all(
    asked.map(async ({ access, right }) => ({ access, right, allowed: await cluster.mayAccess(access, who) })),
  );
  const subject = who === undefined ? name : `${name} (${who.namespace}/${who.name})`;
  if (answers.every(({ allowed }) => allowed === undefined)) {
    const detail = 'cannot be asked for: creating a SubjectAccessReview is forbidden here';
    return [{ level: 'skipped', subject, detail, remedy: 'run it as an administrator, or in the Pod' }];
  }
  const missing = answers.filter(({ allowed }) => allowed === false);
  if (missing.length === 0)
    return [{ level: 'ok', subject, detail: `may do all of ${answers.length} things that it has to` }];
  const byLoss = Map.groupBy(missing, ({ access, right }) => `${placeOf(access)}: ${right.lost}`);
  return [...byLoss].map(([place, all]) => ({
    level: all.every(({ right }) => right.optional) ? 'warning' : 'problem',
    subject,
    detail: `may not ${all.map(({ access }) => access.verb).join(', ')} ${place}`,
    remedy,
  }));
}

function placesOf({ access, scope }: Right, { namespaces, ownNamespace }: RightsQuestion): Access[] {
  if (scope === 'own') return [{ ...access, namespace: ownNamespace }];
  if (scope === 'cluster' || namespaces.length === 0) return [access];
  return namespaces.map((namespace) => ({ ...access, namespace }));
}

function placeOf({ group, resource, subresource, namespace }: Access): string {
  const kind = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `${kind}.${group}${namespace === undefined ? '' : ` in ${namespace}`}`;
}
