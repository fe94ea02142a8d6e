import { create, toBinary } from '@bufbuild/protobuf';
import {
  EndpointProtocol,
  type EndpointRef,
  EndpointRefSchema,
  type ServiceEndpoint,
  ServiceEndpointSchema,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { compareText } from '../compare-text.ts';
import { parseAllowedTargets } from './allowed-target.ts';
import { compareEndpointSeniority, formatReference } from './reference.ts';
import { isServiceName, type ServiceName, toServiceName } from './service-name.ts';
import { parseServiceUpstream, type ServiceUpstream } from './service-upstream.ts';

/** An endpoint that has a cluster, and the names of what belongs to it. */
export interface Service {
  readonly endpoint: ServiceEndpoint;
  readonly ref: EndpointRef;
  readonly name: ServiceName;
  readonly upstream: ServiceUpstream;
}

/** Why an endpoint has no cluster, and so no route either. */
export interface RefusedService {
  readonly ref: EndpointRef;
  readonly reason: 'name' | 'protocol' | 'invalid-target' | 'forbidden-target';
  /** A sentence that says the place and the remedy. */
  readonly detail: string;
}

/** All endpoints, each once. Those of `services` are in the order of seniority: the first of a path wins it. */
export interface Services {
  readonly services: readonly Service[];
  readonly refused: readonly RefusedService[];
}

/**
 * Decides which endpoints have a cluster, and what it and its route are called. Routes and clusters both ask here, so
 * that no route leads nowhere.
 *
 * The first of a service name has the plain name: an endpoint that a route can carry before one that none can, then the
 * older resource, then by namespace and name. All others say their namespace and resource in theirs. When the
 * first one goes, the next one takes over its names with its path.
 */
export function resolveServices(endpoints: readonly ServiceEndpoint[], allowTargets: readonly string[]): Services {
  const allowed = parseAllowedTargets(allowTargets);
  const services: Omit<Service, 'name'>[] = [];
  const refused: RefusedService[] = [];
  for (const endpoint of unique(endpoints)) {
    const ref = endpoint.ref ?? create(EndpointRefSchema);
    const refusal = findRefusal(endpoint);
    const decision = parseServiceUpstream(endpoint, allowed);
    if (refusal !== undefined) {
      refused.push({ ref, ...refusal });
    } else if (decision.kind === 'refused') {
      refused.push({ ref, reason: decision.reason, detail: decision.detail });
    } else {
      services.push({ endpoint, ref, upstream: decision.upstream });
    }
  }
  return { services: nameServices(services), refused };
}

/** Whether a path route can carry what an endpoint speaks. */
export function isHttp({ protocol }: ServiceEndpoint): boolean {
  return protocol !== EndpointProtocol.TCP && protocol !== EndpointProtocol.UDP;
}

function findRefusal({ ref, protocol }: ServiceEndpoint): Pick<RefusedService, 'reason' | 'detail'> | undefined {
  if (!isServiceName(ref?.endpoint ?? '')) {
    const detail = `name ${JSON.stringify(ref?.endpoint)}: a service's name is a DNS label, such as web-1.`;
    return { reason: 'name', detail };
  }
  return protocol === EndpointProtocol.UDP
    ? { reason: 'protocol', detail: 'protocol UDP: a gateway carries HTTP, HTTPS and TCP.' }
    : undefined;
}

function nameServices(services: readonly Omit<Service, 'name'>[]): Service[] {
  const taken = new Set<string>();
  return services
    .toSorted((a, b) => compareCarriage(a.endpoint, b.endpoint) || compareEndpointSeniority(a.endpoint, b.endpoint))
    .map((service) => {
      const isFirst = !taken.has(service.ref.endpoint);
      taken.add(service.ref.endpoint);
      const { endpoint, ref, upstream } = service;
      return { endpoint, ref, upstream, name: toServiceName(ref, isFirst) };
    });
}

function compareCarriage(a: ServiceEndpoint, b: ServiceEndpoint): number {
  return Number(isHttp(b)) - Number(isHttp(a));
}

/** Each reference once. Of those that share one, which no valid request has, the first by content counts. */
function unique(endpoints: readonly ServiceEndpoint[]): ServiceEndpoint[] {
  const byReference = new Map<string, ServiceEndpoint>();
  for (const endpoint of endpoints) {
    const key = formatReference(endpoint.ref);
    const other = byReference.get(key);
    if (other === undefined || compareText(content(endpoint), content(other)) < 0) {
      byReference.set(key, endpoint);
    }
  }
  return [...byReference.values()];
}

function content(endpoint: ServiceEndpoint): string {
  return toBinary(ServiceEndpointSchema, endpoint).join(' ');
}
