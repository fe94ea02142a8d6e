import { parse } from 'yaml';
import { checkExtensionManager } from './check-extension-manager.ts';
import type { ClusterObjects } from './cluster-objects.ts';
import type { Finding } from './diagnosis.ts';

/** Where Envoy Gateway is, and which Service it has to ask. */
export interface EnvoyGatewayPlace {
  readonly namespace: string;
  /** The extension server's Service. */
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
}

/** Key of its configuration within its ConfigMap, both as its chart has them. */
const configMap = { name: 'envoy-gateway-config', key: 'envoy-gateway.yaml' };

/** Versions that Tailway is tested with: the hooks' messages and the configuration's fields may be others elsewhere. */
const testedVersion = { major: 1, minor: 9 };

/** Whether there is an Envoy Gateway, of a version that is known, with the extension server in its configuration. */
export async function checkEnvoyGateway(cluster: ClusterObjects, place: EnvoyGatewayPlace): Promise<Finding[]> {
  const { namespace } = place;
  const subject = `Deployment ${namespace}/envoy-gateway`;
  const deployment = await cluster.get(`/apis/apps/v1/namespaces/${namespace}/deployments/envoy-gateway`);
  if (deployment.kind === 'unknown') return [{ level: 'skipped', subject, detail: deployment.detail }];
  if (deployment.kind === 'absent') {
    const remedy = 'install Envoy Gateway, or name its namespace: --envoy-gateway-namespace NAME';
    return [{ level: 'problem', subject, detail: 'is not there: gateways get no routes', remedy }];
  }
  return [...checkDeployment(subject, deployment.object, namespace), ...(await checkConfiguration(cluster, place))];
}

interface Deployment {
  readonly spec?: {
    readonly template?: {
      readonly spec?: { readonly containers?: readonly { readonly name: string; readonly image?: string }[] };
    };
  };
  readonly status?: { readonly availableReplicas?: number };
}

function checkDeployment(subject: string, object: unknown, namespace: string): Finding[] {
  // The API server's own answer.
  const { spec, status } = object as Deployment;
  const containers = spec?.template?.spec?.containers ?? [];
  const image = (containers.find(({ name }) => name === 'envoy-gateway') ?? containers[0])?.image ?? '';
  const running: Finding =
    (status?.availableReplicas ?? 0) > 0
      ? { level: 'ok', subject, detail: 'runs' }
      : {
          level: 'problem',
          subject,
          detail: 'has no Pod that is available',
          remedy: `kubectl -n ${namespace} describe pods`,
        };
  const [, major, minor] = /:v?(\d+)\.(\d+)/.exec(image) ?? [];
  if (major === undefined) {
    return [
      running,
      { level: 'warning', subject: 'version', detail: `cannot be told from the image ${image || '(none)'}` },
    ];
  }
  const { major: testedMajor, minor: testedMinor } = testedVersion;
  const older = Number(major) < testedMajor || (Number(major) === testedMajor && Number(minor) < testedMinor);
  const version = `${major}.${minor}`;
  if (!older) return [running, { level: 'ok', subject: 'version', detail: version }];
  const detail = `${version} is older than ${testedMajor}.${testedMinor}, which Tailway is tested with`;
  return [running, { level: 'warning', subject: 'version', detail, remedy: 'upgrade Envoy Gateway' }];
}

async function checkConfiguration(cluster: ClusterObjects, place: EnvoyGatewayPlace): Promise<Finding[]> {
  const { name, key } = configMap;
  const subject = `ConfigMap ${place.namespace}/${name}`;
  const found = await cluster.get(`/api/v1/namespaces/${place.namespace}/configmaps/${name}`);
  if (found.kind === 'unknown') return [{ level: 'skipped', subject, detail: found.detail }];
  if (found.kind === 'absent') {
    return [{ level: 'problem', subject, detail: 'is not there', remedy: 'kubectl apply -f deploy/envoy-gateway' }];
  }
  // The API server's own answer.
  const text = (found.object as { readonly data?: Readonly<Record<string, string>> }).data?.[key];
  if (text === undefined) return [{ level: 'problem', subject, detail: `has no ${key}` }];
  try {
    return checkExtensionManager(parse(text), place.service);
  } catch (err) {
    const detail = `${key} is no YAML: ${err instanceof Error ? err.message.split('\n', 1)[0] : String(err)}`;
    return [{ level: 'problem', subject, detail, remedy: `kubectl -n ${place.namespace} edit configmap ${name}` }];
  }
}
