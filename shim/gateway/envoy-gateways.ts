import type { CustomResource } from '../custom-resources/resource-source.ts';

/** Name of the controller in GatewayClasses of Envoy Gateway. */
const controllerName = 'gateway.envoyproxy.io/gatewayclass-controller';

/** The Gateways whose class is Envoy Gateway's, ordered by namespace and name. */
export function envoyGateways(
  gateways: readonly CustomResource[],
  gatewayClasses: readonly CustomResource[],
): CustomResource[] {
  const ours = gatewayClasses.filter(({ spec }) => fieldOf(spec, 'controllerName') === controllerName);
  const classes = new Set<unknown>(ours.map(({ name }) => name));
  return gateways
    .filter(({ spec }) => classes.has(fieldOf(spec, 'gatewayClassName')))
    .toSorted((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
}

/** A listener that can have virtual hosts. */
export interface HttpListener {
  readonly name: string;
  /** `*` where it takes all. */
  readonly hostname: string;
}

/** The HTTP and HTTPS listeners of a Gateway, as far as they can be understood. */
export function httpListeners({ spec }: CustomResource): HttpListener[] {
  const listeners = fieldOf(spec, 'listeners');
  return (Array.isArray(listeners) ? listeners : []).flatMap((listener: unknown) => {
    const protocol = fieldOf(listener, 'protocol');
    if (protocol !== 'HTTP' && protocol !== 'HTTPS') return [];
    return [{ name: textOf(listener, 'name') ?? '', hostname: textOf(listener, 'hostname') ?? '*' }];
  });
}

function textOf(object: unknown, field: string): string | undefined {
  const value = fieldOf(object, field);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function fieldOf(object: unknown, field: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, field)) return undefined;
  return object[field as keyof typeof object];
}
