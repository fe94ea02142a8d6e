import type { ClusterObjects } from './cluster-objects.ts';
import type { Finding } from './diagnosis.ts';

/** The Service that Envoy Gateway and Envoys find the shim by, and the ports that it must have. */
export interface ServicePlace {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly { readonly port: number; readonly use: string }[];
}

interface Service {
  readonly spec?: { readonly ports?: readonly { readonly port: number; readonly targetPort?: number | string }[] };
}

/** The ports by which the Service leads to those of the shim; where it cannot be told, the shim's own. */
export async function findServicePorts(
  cluster: ClusterObjects,
  { namespace, name, ports }: { namespace: string; name: string; ports: { hooks: number; xds: number } },
): Promise<{ readonly hooks: number; readonly xds: number }> {
  const found = await cluster.get(servicePath(namespace, name));
  // The API server's own answer.
  const all = found.kind === 'found' ? ((found.object as Service).spec?.ports ?? []) : [];
  const portTo = (target: 'hooks' | 'xds') =>
    all.find(({ targetPort }) => targetPort === target || targetPort === ports[target])?.port ?? ports[target];
  return { hooks: portTo('hooks'), xds: portTo('xds') };
}

function servicePath(namespace: string, name: string): string {
  return `/api/v1/namespaces/${namespace}/services/${name}`;
}

/** Whether the Service is there, with its ports, and has Pods behind it that are ready. */
export async function checkService(cluster: ClusterObjects, place: ServicePlace): Promise<Finding[]> {
  const { namespace, name, ports } = place;
  const subject = `Service ${namespace}/${name}`;
  const found = await cluster.get(servicePath(namespace, name));
  if (found.kind === 'unknown') return [{ level: 'skipped', subject, detail: found.detail }];
  if (found.kind === 'absent') {
    const remedy = 'install Tailway (deploy/helm/tailway), or say where it is: --namespace, --name';
    return [{ level: 'problem', subject, detail: 'is not there', remedy }];
  }
  // The API server's own answer.
  const { spec } = found.object as Service;
  const missing = ports.filter(({ port }) => spec?.ports?.every((each) => each.port !== port) ?? true);
  const findings = missing.map(({ port, use }): Finding => ({
    level: 'problem',
    subject,
    detail: `has no port ${port}, for ${use}`,
    remedy: `kubectl -n ${namespace} edit service ${name}`,
  }));
  return [...findings, await checkPods(cluster, place, subject)];
}

interface EndpointSliceList {
  readonly items?: readonly {
    readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
  }[];
}

async function checkPods(
  cluster: ClusterObjects,
  { namespace, name }: ServicePlace,
  subject: string,
): Promise<Finding> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${name}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`;
  const found = await cluster.get(path);
  if (found.kind !== 'found') return { level: 'skipped', subject, detail: 'its Pods cannot be listed' };
  // The API server's own answer.
  const { items = [] } = found.object as EndpointSliceList;
  const pods = items.flatMap(({ endpoints }) => endpoints ?? []);
  // Unknown counts as ready: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#ready
  const ready = pods.filter(({ conditions }) => conditions?.ready !== false).length;
  if (ready > 0) return { level: 'ok', subject, detail: `leads to ${ready} of ${pods.length} Pods that are ready` };
  const remedy = `kubectl -n ${namespace} get pods; kubectl -n ${namespace} logs deployment/${name}`;
  return { level: 'problem', subject, detail: `leads to no Pod that is ready (of ${pods.length})`, remedy };
}
