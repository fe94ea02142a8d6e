import type { Manifest } from '../cluster/kubectl.ts';

/** A rule of a Role or a ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The Roles and ClusterRoles that are bound to an account. */
export function rolesOf(
  manifests: readonly Manifest[],
  account: string,
): readonly (Manifest & { rules: readonly Rule[] })[] {
  const bindings = manifests.filter(({ kind, subjects }) => {
    const names = (subjects ?? []) as readonly { readonly name: string }[];
    return kind.endsWith('RoleBinding') && names.some(({ name }) => name === account);
  });
  return bindings.map(({ metadata, roleRef }) => {
    const { kind, name } = roleRef as { readonly kind: string; readonly name: string };
    const isIt = (role: Manifest) =>
      role.kind === kind &&
      role.metadata.name === name &&
      (kind === 'ClusterRole' || role.metadata.namespace === metadata.namespace);
    const role = manifests.find(isIt);
    if (role === undefined) throw new Error(`no ${kind} ${name}`);
    return Object.assign({}, role, { rules: role['rules'] as readonly Rule[] });
  });
}

/** Each right once: `patch tailscaleendpoints/status.gateway.tailscale.com`. */
export function rightsOf(rules: readonly Rule[]): ReadonlySet<string> {
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => rightTo({ verb, resource, group }))),
      ),
    ),
  );
}

/** One right as text. */
export function rightTo({
  verb,
  resource,
  group,
}: {
  readonly verb: string;
  readonly resource: string;
  readonly group: string;
}): string {
  return `${verb} ${resource}.${group}`;
}
