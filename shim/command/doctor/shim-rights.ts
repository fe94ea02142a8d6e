import type { Access } from './cluster-objects.ts';

/** A right that the shim needs, and what does not work without it. */
export interface Right {
  readonly access: Omit<Access, 'namespace'>;
  /** Where: in each namespace that is read, in the shim's own, or in none. */
  readonly scope: 'resources' | 'own' | 'cluster';
  readonly lost: string;
  /** Whether one can do without what is lost. */
  readonly optional?: true;
}

const own = 'gateway.tailscale.com';

/** All that the shim may have to do in a cluster; deploy/helm/tailway grants the same. */
export const shimRights: readonly Right[] = [
  ...rights(own, 'tailscaleendpoints', ['list', 'watch'], 'resources', 'nothing is injected'),
  ...rights(own, 'tailscaleroutepolicies', ['list', 'watch'], 'resources', 'nothing is injected'),
  ...rights(own, 'tailscaleendpoints/status', ['patch'], 'resources', 'TailscaleEndpoints get no status'),
  ...optional(rights(own, 'tailscaletailnets', ['list', 'watch'], 'resources', 'TailscaleTailnets do not count')),
  ...optional(rights(own, 'tailscaletailnets/status', ['patch'], 'resources', 'TailscaleTailnets get no status')),
  ...rights(
    own,
    'tailscalegatewayrevisions',
    ['list', 'watch', 'create', 'patch', 'delete'],
    'resources',
    'Envoy Gateway does not notice changes',
  ),
  ...rights('gateway.networking.k8s.io', 'gateways', ['list', 'watch'], 'resources', 'nothing is injected'),
  ...rights('gateway.networking.k8s.io', 'gatewayclasses', ['list', 'watch'], 'cluster', 'nothing is injected'),
  ...rights('events.k8s.io', 'events', ['create', 'patch'], 'resources', 'no Events are written'),
  ...rights('coordination.k8s.io', 'leases', ['create'], 'own', 'no replica leads: no status is written'),
  ...rights(
    'coordination.k8s.io',
    'leases',
    ['get', 'update'],
    'own',
    'no replica leads: no status is written',
    'tailway',
  ),
];

/** What Envoy Gateway has to do with the kinds that its configuration names. */
export const envoyGatewayRights: readonly Right[] = [
  ...['tailscaleendpoints', 'tailscaleroutepolicies', 'tailscalegatewayrevisions'].flatMap((kind) =>
    rights(own, kind, ['get', 'list', 'watch'], 'resources', 'Envoy Gateway translates nothing any more'),
  ),
  ...['tailscaleroutepolicies/status', 'tailscalegatewayrevisions/status'].flatMap((kind) =>
    rights(own, kind, ['update'], 'resources', 'policies get no status'),
  ),
];

function optional(all: readonly Right[]): Right[] {
  return all.map(({ access, scope, lost }) => ({ access, scope, lost, optional: true }));
}

function rights(
  group: string,
  path: string,
  verbs: readonly string[],
  scope: Right['scope'],
  lost: string,
  name?: string,
): Right[] {
  const [resource = '', subresource] = path.split('/');
  const of = {
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  };
  return verbs.map((verb) => ({ access: { ...of, verb }, scope, lost }));
}
