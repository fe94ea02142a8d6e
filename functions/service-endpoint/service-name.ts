import { type EndpointRef } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';

const routePrefix = 'tailscale-egress-';
const clusterPrefix = 'external-backend-';

/** What a service's route and cluster are called after their prefixes: its name, or what keeps it apart. */
export interface ServiceName {
  readonly service: string;
  /** Absent: the endpoint is the first of its service, and so has the plain name. */
  readonly apart: { readonly namespace: string; readonly resource: string } | undefined;
}

/**
 * Whether an endpoint's name is a DNS label, as the path `/api/{service}` and the names here need it: without a dot
 * in services and namespaces, `{service}.{namespace}.{resource}` can be read in one way only, dots in resources or not.
 */
export function isServiceName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

/** Names an endpoint that is first of its service, or one that is not. */
export function toServiceName(ref: EndpointRef, isFirst: boolean): ServiceName {
  const { namespace, resource, endpoint } = ref;
  return { service: endpoint, apart: isFirst ? undefined : { namespace, resource } };
}

/** `tailscale-egress-{service}`, or `tailscale-egress-{service}.{namespace}.{resource}`. */
export function buildRouteName(name: ServiceName): string {
  return routePrefix + format(name);
}

/** `external-backend-{service}`, or `external-backend-{service}.{namespace}.{resource}`. */
export function buildClusterName(name: ServiceName): string {
  return clusterPrefix + format(name);
}

/** Reads the name of an injected route; absent: it is none. */
export function parseRouteName(text: string): ServiceName | undefined {
  return text.startsWith(routePrefix) ? parse(text.slice(routePrefix.length)) : undefined;
}

/** Reads the name of an injected cluster; absent: it is none. */
export function parseClusterName(text: string): ServiceName | undefined {
  return text.startsWith(clusterPrefix) ? parse(text.slice(clusterPrefix.length)) : undefined;
}

function format({ service, apart }: ServiceName): string {
  return apart === undefined ? service : `${service}.${apart.namespace}.${apart.resource}`;
}

function parse(text: string): ServiceName | undefined {
  const [, service = '', namespace, resource] = /^([^.]+)(?:\.([^.]+)\.(.+))?$/.exec(text) ?? [];
  if (!isServiceName(service)) {
    return undefined;
  }
  const apart = namespace === undefined || resource === undefined ? undefined : { namespace, resource };
  return { service, apart };
}
