import { create, equals } from '@bufbuild/protobuf';
import { type HealthCheck, HealthCheckSchema } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { compareReferences, formatReference } from '../service-endpoint/reference.ts';
import { isHttp, type Service } from '../service-endpoint/service.ts';
import { isChecked } from './endpoint-health-check.ts';
import { type HostUpstream } from './load-assignment.ts';

/** A service whose upstream stands in the cluster itself. */
export type HostService = Service & { readonly upstream: HostUpstream };

/** The services that share a custom backend's cluster: hosts, or one group of devices. */
export type Backends =
  | { readonly kind: 'none' }
  | { readonly kind: 'hosts'; readonly services: readonly [HostService, ...HostService[]] }
  | { readonly kind: 'group'; readonly service: Service; readonly group: string };

/** Why a service is left out of a custom backend's cluster. */
export interface LeftOut {
  readonly ref: Service['ref'];
  readonly reason: 'protocol' | 'combination';
  readonly detail: string;
}

/**
 * Chooses which services make up the cluster of a custom backend. A cluster of Envoy's has one source of hosts and one
 * kind of health check, so these are left out, by the order of their references: groups beside hosts, all groups but
 * the first, and hosts that are checked in another way than the first one that is.
 */
export function chooseBackends(services: readonly Service[]): { backends: Backends; leftOut: LeftOut[] } {
  const sorted = services.toSorted((a, b) => compareReferences(a.ref, b.ref));
  const leftOut: LeftOut[] = sorted.filter(({ endpoint }) => !isHttp(endpoint)).map(withoutHttp);
  const usable = sorted.filter(({ endpoint }) => isHttp(endpoint));

  const checked = usable.find((service) => isHost(service) && isChecked(service.endpoint.healthCheck));
  const hosts = usable.filter(isHost);
  const [first, ...rest] = hosts.filter((host) => isCheckedAs(host, checked));
  const groups = usable.filter(({ upstream }) => upstream.kind === 'group');
  if (first !== undefined) {
    leftOut.push(...hosts.filter((host) => !isCheckedAs(host, checked)).map((host) => otherCheck(host, checked)));
    leftOut.push(...groups.map((group) => besideOthers(group, first)));
    return { backends: { kind: 'hosts', services: [first, ...rest] }, leftOut };
  }
  const [service, ...others] = groups;
  if (service === undefined || service.upstream.kind !== 'group') {
    return { backends: { kind: 'none' }, leftOut };
  }
  leftOut.push(...others.map((group) => besideOthers(group, service)));
  return { backends: { kind: 'group', service, group: service.upstream.group }, leftOut };
}

function isHost(service: Service): service is HostService {
  return service.upstream.kind !== 'group';
}

function isCheckedAs({ endpoint }: Service, checked: Service | undefined): boolean {
  const own = endpoint.healthCheck;
  const common = checked?.endpoint.healthCheck;
  return !isChecked(own) || !isChecked(common) || equals(HealthCheckSchema, withoutHost(own), withoutHost(common));
}

/** Each host has its own Host header in the checks that all have in common. */
function withoutHost(check: HealthCheck): HealthCheck {
  return create(HealthCheckSchema, { ...check, host: '' });
}

function withoutHttp({ ref }: Service): LeftOut {
  return { ref, reason: 'protocol', detail: 'protocol TCP: an HTTPRoute or GRPCRoute carries HTTP and HTTPS.' };
}

function otherCheck({ ref }: Service, checked: Service | undefined): LeftOut {
  const detail = `healthCheck differs from that of ${formatReference(checked?.ref)}: hosts of one cluster are checked in one way.`;
  return { ref, reason: 'combination', detail };
}

function besideOthers({ ref }: Service, other: Service): LeftOut {
  const detail = `selector: the devices of a group share no cluster with ${formatReference(other.ref)}; give them a TailscaleEndpoints of their own.`;
  return { ref, reason: 'combination', detail };
}
