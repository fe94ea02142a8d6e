import type { KubeClient } from '../../kubernetes/kube-client.ts';
import { type CrdObject, checkCrds } from './check-crds.ts';
import { checkEnvoyGateway } from './check-envoy-gateway.ts';
import { checkResources } from './check-resources.ts';
import { checkRights } from './check-rights.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkService, findServicePorts } from './check-service.ts';
import { type ClusterObjects, createClusterObjects } from './cluster-objects.ts';
import type { ClusterPlace } from './cluster-place.ts';
import { type Diagnosis, inArea } from './diagnosis.ts';
import { envoyGatewayRights, shimRights } from './shim-rights.ts';

/** Everything that a cluster can tell. When it cannot be reached, that alone. */
export async function diagnoseCluster(
  client: KubeClient,
  place: ClusterPlace,
  expected: readonly CrdObject[],
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  const cluster = createClusterObjects(client, signal);
  const subject = `API server ${client.server}`;
  const version = await cluster.get('/version');
  if (version.kind !== 'found') {
    const detail = version.kind === 'unknown' ? version.detail : 'is none: it has no /version';
    const remedy = 'check the kubeconfig and its context: kubectl version';
    return inArea('Cluster', [{ level: 'problem', subject, detail, remedy }]);
  }
  // The API server's own answer.
  const { gitVersion = 'of an unknown version' } = version.object as { readonly gitVersion?: string };
  const ports = await findServicePorts(cluster, place);
  const { deployed } = place;
  const [crds, rights, envoyGateway, service, resources, secrets] = await Promise.all([
    checkCrds(cluster, expected),
    diagnoseRights(cluster, place),
    checkEnvoyGateway(cluster, {
      namespace: place.envoyGatewayNamespace,
      service: { namespace: place.namespace, name: place.name, port: ports.hooks },
    }),
    checkService(cluster, {
      namespace: place.namespace,
      name: place.name,
      ports: [
        { port: ports.hooks, use: "Envoy Gateway's hooks" },
        { port: ports.xds, use: 'xDS' },
      ],
    }),
    checkResources(cluster, place.namespaces),
    deployed === undefined ? [] : checkSecrets(cluster, deployed),
  ]);
  return [
    ...inArea('Cluster', [{ level: 'ok', subject, detail: gitVersion }]),
    ...inArea('CRDs', crds),
    ...rights,
    ...inArea('Envoy Gateway', envoyGateway),
    ...inArea('Service', service),
    ...inArea('Resources', resources),
    ...inArea('Credentials', secrets),
  ];
}

async function diagnoseRights(cluster: ClusterObjects, place: ClusterPlace): Promise<Diagnosis[]> {
  const { namespace, namespaces, account, envoyGatewayNamespace } = place;
  const common = { namespaces, ownNamespace: namespace };
  const [shim, envoyGateway] = await Promise.all([
    checkRights(cluster, {
      ...common,
      name: 'the shim',
      who: account,
      rights: shimRights,
      remedy: 'kubectl apply -f deploy/extension-server (with Helm: helm upgrade), or name its account: --as',
    }),
    checkRights(cluster, {
      ...common,
      name: 'Envoy Gateway',
      who: { namespace: envoyGatewayNamespace, name: 'envoy-gateway' },
      rights: envoyGatewayRights,
      remedy: 'kubectl apply -f deploy/envoy-gateway (with Helm: envoyGateway.rbac)',
    }),
  ]);
  return inArea('Rights', [...shim, ...envoyGateway]);
}
