import { type KubeClient, createKubeClient } from '../../kubernetes/kube-client.ts';
import { settingsToGroup } from '../../publishing/data-plane-inputs.ts';
import type { Settings } from '../../settings/definitions.ts';
import { parseSettings } from '../../settings/settings.ts';
import { systemClock as clock } from '../../sources/clock.ts';
import type { Call } from '../command-definition.ts';
import { type Command, defineCommand } from '../command.ts';
import { WrongCall } from '../command-error.ts';
import { type Flags, jsonFlag } from '../flag.ts';
import type { CrdObject } from './check-crds.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkDevices } from './check-devices.ts';
import { checkFunctions } from './check-functions.ts';
import { checkPorts } from './check-ports.ts';
import { checkReadiness } from './check-readiness.ts';
import { createClusterObjects } from './cluster-objects.ts';
import { type DeployedShim, findDeployedShim, findFlagsBeside, flagsForOthers } from './deployed-shim.ts';
import { type ClusterPlace, diagnoseCluster } from './diagnose-cluster.ts';
import { type Diagnosis, inArea } from './diagnosis.ts';
import { formatDiagnoses } from './diagnosis-text.ts';
import { type DoctorCluster, findCluster } from './doctor-cluster.ts';

const flags = {
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    environment: 'KUBECONFIG',
    help: 'the cluster; else that of the Pod, else ~/.kube/config',
  },
  namespace: {
    type: 'string',
    value: 'NAME',
    help: "where Tailway is; else the Pod's own, else tailscale-gateway-system",
  },
  name: {
    type: 'string',
    value: 'NAME',
    fallback: 'tailscale-gateway-extension-server',
    help: 'of its Deployment, Service and ServiceAccount',
  },
  as: { type: 'string', value: 'NAMESPACE/NAME', help: 'the ServiceAccount whose rights are checked, if another one' },
  'envoy-gateway-namespace': {
    type: 'string',
    value: 'NAME',
    fallback: 'envoy-gateway-system',
    help: 'where Envoy Gateway is',
  },
  host: { type: 'string', value: 'HOST', help: 'where its ports are reached; else the Service, or 127.0.0.1' },
  json: jsonFlag,
} as const satisfies Flags;

type DoctorCall = Call<typeof flags>;

const description = `Asks the cluster, Envoy Gateway's configuration, the ports, Tailscale's API and remote functions. It changes nothing
and prints no secret. It reads the same variables as "tailway serve" (TS_ENVOY_API_TOKEN and the others), and the flags
of the shim beside it in a Pod, or of the Deployment.`;

/** How long all of it may take. */
const timeoutMs = 60_000;

/**
 * `tailway doctor`: what is wrong with an installation, and what to do about it.
 *
 * @param expectedCrds the CustomResourceDefinitions of this version, asked for when they are needed
 */
export function createDoctor(expectedCrds: () => Promise<readonly CrdObject[]>): Command {
  return defineCommand({
    name: 'doctor',
    summary: 'what is wrong with an installation, and what to do about it',
    description,
    flags,
    examples: [
      { call: 'tailway doctor', does: 'the cluster of the kubeconfig', needs: 'a cluster' },
      {
        call: 'tailway doctor --host 127.0.0.1 --json',
        does: 'with the ports that kubectl port-forward brings here, for scripts',
        needs: 'a cluster',
      },
    ],
    statuses: { 0: 'no problems; warnings at most', 1: 'at least one problem' },
    run: (call) => run(call, expectedCrds),
  });
}

async function run(call: DoctorCall, expectedCrds: () => Promise<readonly CrdObject[]>): Promise<number> {
  const { environment } = call;
  const signal = AbortSignal.timeout(timeoutMs);
  // Beside a shim, what it was started with counts.
  const isInPod = environment['KUBERNETES_SERVICE_HOST'] !== undefined;
  const beside = readSettings(isInPod ? await findFlagsBeside() : [], environment);
  const isOff = beside.settings?.kubernetes === 'off';
  const cluster = isOff ? undefined : await findCluster(call.flags.kubeconfig, environment);
  const client = cluster && createKubeClient(cluster.kube);
  try {
    const own = placeOf(call, cluster, beside.settings);
    const deployed = cluster?.isOwn === false && client ? await findDeployed(client, own, signal) : undefined;
    const read =
      deployed === undefined ? beside : readSettings(flagsForOthers(deployed.flags, environment), environment);
    const place = placeOf(call, cluster, read.settings, deployed);
    const { settings } = read;
    const diagnoses = [
      ...diagnoseSettings(read.errors),
      ...(client === undefined ? noCluster : await diagnoseCluster(client, place, await expectedCrds(), signal)),
      ...(await diagnosePorts(call, cluster, place)),
      ...(settings === undefined ? [] : await diagnosePeers(settings, deployed, signal)),
    ];
    return tell(call, diagnoses);
  } finally {
    client?.close();
  }
}

function readSettings(
  flags: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): { readonly settings: Settings | undefined; readonly errors: readonly string[] } {
  const parsed = parseSettings(flags, environment);
  return parsed.kind === 'settings'
    ? { settings: parsed.settings, errors: [] }
    : { settings: undefined, errors: parsed.kind === 'errors' ? parsed.errors : [] };
}

/** A cluster that does not answer is told of by what follows. */
function findDeployed(client: KubeClient, place: ClusterPlace, signal: AbortSignal): Promise<DeployedShim | undefined> {
  return findDeployedShim(createClusterObjects(client, AbortSignal.any([signal, AbortSignal.timeout(5000)])), place);
}

function tell({ flags: { json }, out, style }: DoctorCall, diagnoses: readonly Diagnosis[]): number {
  out(json ? `${JSON.stringify({ diagnoses }, undefined, 2)}\n` : formatDiagnoses(diagnoses, style));
  return diagnoses.some(({ level }) => level === 'problem') ? 1 : 0;
}

function placeOf(
  { flags: { namespace: given, name, as, 'envoy-gateway-namespace': envoyGatewayNamespace } }: DoctorCall,
  cluster: DoctorCluster | undefined,
  settings: Settings | undefined,
  deployed?: DeployedShim,
): ClusterPlace {
  const namespace = given ?? (cluster?.isOwn === true ? cluster.kube.namespace : 'tailscale-gateway-system');
  const named = { '--namespace': namespace, '--name': name, '--envoy-gateway-namespace': envoyGatewayNamespace };
  for (const [flag, value] of Object.entries(named)) {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
      throw new WrongCall(`${flag}: ${JSON.stringify(value)} must be a name of small letters, digits and dashes`);
    }
  }
  const { account } = deployed ?? {};
  const [asNamespace = '', asName = '', ...rest] = (as ?? `${namespace}/${account?.name ?? name}`).split('/');
  if (asNamespace === '' || asName === '' || rest.length > 0) {
    throw new WrongCall(`--as: ${JSON.stringify(as)} must be a namespace and a name, such as ${namespace}/${name}`);
  }
  const isSelf = cluster?.isOwn === true && as === undefined;
  return {
    namespace,
    name,
    account: isSelf ? undefined : { namespace: asNamespace, name: asName },
    deployed,
    envoyGatewayNamespace,
    namespaces: settings?.namespaces ?? [],
    ports: {
      hooks: settings?.grpcPort ?? 5005,
      xds: settings?.xdsPort ?? 18_000,
      health: settings === undefined ? 8081 : settings.healthAddress?.port,
    },
  };
}

function diagnoseSettings(errors: readonly string[]): Diagnosis[] {
  const subject = 'settings';
  if (errors.length === 0) return inArea('Settings', [{ level: 'ok', subject, detail: 'all settings are valid' }]);
  return inArea(
    'Settings',
    errors.map((detail) => ({ level: 'problem', subject, detail, remedy: 'tailway serve --help' })),
  );
}

const noCluster = inArea('Cluster', [
  {
    level: 'skipped',
    subject: 'cluster',
    detail: 'none is configured',
    remedy: '--kubeconfig FILE, for what is in one',
  },
]);

/** From outside of a cluster its ports are out of reach, unless they are forwarded. */
async function diagnosePorts(
  { flags: { host } }: DoctorCall,
  cluster: DoctorCluster | undefined,
  { namespace, name, ports }: ClusterPlace,
): Promise<Diagnosis[]> {
  const forwarded = [ports.hooks, ports.xds, ...(ports.health === undefined ? [] : [ports.health])].join(' ');
  const forward = `kubectl -n ${namespace} port-forward deployment/${name} ${forwarded}`;
  if (host === undefined && cluster?.isOwn === false) {
    const remedy = `${forward}, and then: tailway doctor --host 127.0.0.1`;
    return inArea('Ports', [{ level: 'skipped', subject: 'ports', detail: 'are not reached from here', remedy }]);
  }
  if (host !== undefined && !URL.canParse(`http://${host.includes(':') ? `[${host}]` : host}`)) {
    throw new WrongCall(`--host: ${JSON.stringify(host)} must be a name or an address, without a port`);
  }
  const found = host ?? (cluster === undefined ? '127.0.0.1' : `${name}.${namespace}.svc`);
  const places = [
    { use: 'xDS', host: found, port: ports.xds },
    ...(cluster === undefined ? [] : [{ use: 'hooks', host: found, port: ports.hooks }]),
  ];
  const remedy =
    cluster === undefined ? 'start it: tailway serve' : `look at its log, or forward the ports: ${forward}`;
  // The Service does not lead to the probes' port.
  const isDirect = host !== undefined || cluster === undefined;
  const [grpc, readiness] = await Promise.all([
    checkPorts(places, remedy),
    isDirect && ports.health !== undefined ? checkReadiness(found, ports.health, remedy) : undefined,
  ]);
  return inArea('Ports', readiness === undefined ? grpc : [...grpc, readiness]);
}

async function diagnosePeers(
  settings: Settings,
  deployed: DeployedShim | undefined,
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  const [credentials, functions] = await Promise.all([
    checkCredentials(settings, { clock, signal, areElsewhere: (deployed?.secrets.size ?? 0) > 0 }),
    checkFunctions(settings, { clock, signal }),
  ]);
  const { findings, devices } = credentials;
  return [
    ...inArea('Credentials', findings),
    ...inArea('Functions', functions),
    ...(devices === undefined ? [] : inArea('Devices', checkDevices(devices, settingsToGroup(settings), clock.now()))),
  ];
}
