import type { Manifest } from './kubectl.ts';

/** Our part of Envoy Gateway's configuration, with the extension server on loopback. */
export function extensionManagerOf(port: number): object {
  const kind = (name: string) => ({ group: 'gateway.tailscale.com', version: 'v1alpha1', kind: name });
  return {
    maxMessageSize: '1000M',
    policyResources: [kind('TailscaleRoutePolicy'), kind('TailscaleGatewayRevision')],
    backendResources: [kind('TailscaleEndpoints')],
    hooks: {
      xdsTranslator: {
        post: ['VirtualHost', 'Translation', 'Route', 'Cluster', 'HTTPListener'],
        translation: { route: { includeAll: true } },
      },
    },
    service: { ip: { address: '127.0.0.1', port } },
  };
}

/** A namespace. */
export function namespaceOf(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** A Gateway with one HTTP listener. */
export function gatewayOf(port: number, name = 'gateway', namespace = 'default'): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: {
      gatewayClassName: 'eg',
      listeners: [{ name: 'http', protocol: 'HTTP', port, allowedRoutes: { namespaces: { from: 'All' } } }],
    },
  };
}

/** A catch-all of the user's own, and the Backend that it leads to. */
export function catchAllTo(port: number, gateway = 'gateway'): readonly Manifest[] {
  return [
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'Backend',
      metadata: { name: `${gateway}-own`, namespace: 'default' },
      spec: { endpoints: [{ ip: { address: '127.0.0.1', port } }] },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: `${gateway}-own`, namespace: 'default' },
      spec: {
        parentRefs: [{ name: gateway }],
        rules: [{ backendRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name: `${gateway}-own` }] }],
      },
    },
  ];
}

/** A TailscaleEndpoints. */
export function endpointsOf(name: string, endpoints: readonly object[], namespace = 'default'): Manifest {
  return {
    apiVersion: 'gateway.tailscale.com/v1alpha1',
    kind: 'TailscaleEndpoints',
    metadata: { name, namespace },
    spec: { endpoints },
  };
}

/** An endpoint that leads to an upstream on loopback. */
export function endpointTo(name: string, { port }: { readonly port: number }): object {
  return { name, port, protocol: 'HTTP', externalTarget: `127.0.0.1:${port}` };
}
