import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { RunningProcess } from '../../deploy/demo/child-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { ApiServer } from '../cluster/api-server.ts';
import { startBoundProcess } from '../cluster/bound-process.ts';
import type { Kubectl, Manifest } from '../cluster/kubectl.ts';
import { type Container, containerOf } from './pod-template.ts';
import { requestToken } from './service-account.ts';

/** A shim that was started as a kubelet would start the container of a Deployment. */
export interface PodProcess {
  readonly process: RunningProcess;
  readonly grpcPort: number;
  readonly xdsPort: number;
  readonly metricsPort: number;
  isReady(): Promise<boolean>;
  /** Whether it is ready, and writes statuses. */
  leads(): Promise<boolean>;
  /** What it has logged that contains `text`. */
  logged(text: string): readonly string[];
}

/** What a Pod is started with. */
export interface PodOptions {
  readonly deployment: Manifest;
  readonly apiServer: ApiServer;
  readonly kubectl: Kubectl;
  /** An empty folder. */
  readonly folder: string;
}

const root = join(import.meta.dirname, '..', '..');

/** The image's entry point. */
const entry = join(root, packageJson.bin.tailway);

/** Several Pods share one network here. All else of the rendered flags stays. */
const replaced: Readonly<Record<string, string>> = {
  '--bind-address': '127.0.0.1',
  '--grpc-port': '0',
  '--xds-port': '0',
  '--health-probe-bind-address': '127.0.0.1:0',
  '--metrics-bind-address': '127.0.0.1:0',
};

/**
 * What a container of the chart sees: the account's credentials where every Pod has them, nothing that can be written but
 * its emptyDir, no capability, and no user with rights (where that one can read the sources).
 */
const sandbox = `
set -e
credentials=$1 entry=$2; shift 2
run=$(readlink -f /var/run)
mount -t tmpfs tmpfs "$run"
mkdir -p "$run/secrets/kubernetes.io"
cp -r "$credentials" "$run/secrets/kubernetes.io/serviceaccount"
chmod -R a+rX "$run/secrets"
mount -t tmpfs tmpfs /var/lib
mkdir -m 0777 /var/lib/tailway
while read -r _ target _; do
  case $target in /proc|/proc/*|/sys|/sys/*|/dev|/dev/*|/var/lib) ;;
    *) mount -o remount,bind,ro "$target" 2>/dev/null || true ;;
  esac
done < /proc/self/mounts
user='--reuid=65532 --regid=65532 --clear-groups'
setpriv $user test -r "$entry" || user=
exec setpriv $user --inh-caps=-all --bounding-set=-all --no-new-privs --pdeathsig KILL -- "$@"
`;

/** Starts it and waits until it listens. Its flags and environment are those of the Deployment, but for addresses and ports. */
export async function startPod({ deployment, apiServer, kubectl, folder }: PodOptions): Promise<PodProcess> {
  const { container, serviceAccount } = containerOf(deployment);
  const { namespace = 'default' } = deployment.metadata;
  const credentials = join(folder, 'serviceaccount');
  await mkdir(credentials);
  const token = await requestToken(apiServer.client, { namespace, name: serviceAccount });
  await writeFile(join(credentials, 'token'), token);
  await writeFile(join(credentials, 'namespace'), namespace);
  await cp(apiServer.ca, join(credentials, 'ca.crt'));

  const environment = {
    ...(await environmentOf(container, kubectl, namespace)),
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: `${apiServer.port}`,
  };
  const userNamespace = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const program = [process.execPath, entry, ...(container.args ?? []).map(withOwnPort)];
  const child = await startBoundProcess(
    'unshare',
    [...userNamespace, '--mount', 'sh', '-c', sandbox, 'sandbox', credentials, entry, ...program],
    environment,
  );
  const listening = await waitFor('the shim to listen', () => {
    if (child.exitCode() !== undefined) throw new Error(`the shim ended: ${child.lines.join('\n')}`);
    const line = child.lines.find((line) => line.includes('"listening"'));
    return line === undefined ? undefined : (JSON.parse(line) as Record<string, number>);
  });
  const logged = (text: string) => child.lines.filter((line) => line.includes(text));
  const isReady = () =>
    fetch(`http://127.0.0.1:${healthPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  const { grpcPort = 0, xdsPort = 0, healthPort = 0, metricsPort = 0 } = listening;
  return {
    process: child,
    grpcPort,
    xdsPort,
    metricsPort,
    isReady,
    leads: async () => logged('"leads"').length > 0 && (await isReady()),
    logged,
  };
}

function withOwnPort(arg: string): string {
  const flag = arg.split('=', 1)[0] ?? '';
  return flag in replaced ? `${flag}=${replaced[flag]}` : arg;
}

/** The container's variables, those out of Secrets as a kubelet resolves them. */
async function environmentOf(
  container: Container,
  kubectl: Kubectl,
  namespace: string,
): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) {
      environment[name] = value ?? '';
      continue;
    }
    const { name: secret, key, optional = false } = valueFrom.secretKeyRef;
    const found = await kubectl.get({ apiVersion: 'v1', kind: 'Secret', metadata: { name: secret, namespace } });
    const text = (found?.['data'] as Record<string, string> | undefined)?.[key];
    if (text !== undefined) environment[name] = Buffer.from(text, 'base64').toString('utf8');
    else if (!optional) throw new Error(`the Secret ${secret} has no ${key}`);
  }
  return environment;
}
