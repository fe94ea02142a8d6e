import { createKubeClient } from '../../kubernetes/kube-client.ts';
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
  namespace: { type: 'string', value: 'NAME', fallback: 'tailscale-gateway-system', help: 'where Tailway is' },
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
and prints no secret. It reads the same variables as "tailway serve": TS_ENVOY_API_TOKEN and the others.`;

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
  const { environment, out, style } = call;
  const signal = AbortSignal.timeout(timeoutMs);
  const parsed = parseSettings([], environment);
  const settings = parsed.kind === 'settings' ? parsed.settings : undefined;
  const errors = parsed.kind === 'errors' ? parsed.errors : [];
  const cluster = settings?.kubernetes === 'off' ? undefined : await findCluster(call.flags.kubeconfig, environment);
  const place = placeOf(call, settings, cluster);
  const diagnoses = [
    ...diagnoseSettings(errors),
    ...(cluster === undefined ? noCluster : await askCluster(cluster, place, await expectedCrds(), signal)),
    ...(await diagnosePorts(call, cluster, place)),
    ...(settings === undefined ? [] : await diagnosePeers(settings, signal)),
  ];
  out(call.flags.json ? `${JSON.stringify({ diagnoses }, undefined, 2)}\n` : formatDiagnoses(diagnoses, style));
  return diagnoses.some(({ level }) => level === 'problem') ? 1 : 0;
}

function placeOf(
  { flags: { namespace, name, as, 'envoy-gateway-namespace': envoyGatewayNamespace } }: DoctorCall,
  settings: Settings | undefined,
  cluster: DoctorCluster | undefined,
): ClusterPlace {
  const [asNamespace = '', asName = '', ...rest] = (as ?? `${namespace}/${name}`).split('/');
  if (asNamespace === '' || asName === '' || rest.length > 0) {
    throw new WrongCall(`--as: ${JSON.stringify(as)} must be a namespace and a name, such as ${namespace}/${name}`);
  }
  const isSelf = cluster?.isOwn === true && as === undefined;
  return {
    namespace,
    name,
    account: isSelf ? undefined : { namespace: asNamespace, name: asName },
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
  const subject = 'environment';
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

async function askCluster(
  { kube }: DoctorCluster,
  place: ClusterPlace,
  expected: readonly CrdObject[],
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  const client = createKubeClient(kube);
  try {
    return await diagnoseCluster(client, place, expected, signal);
  } finally {
    client.close();
  }
}

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

async function diagnosePeers(settings: Settings, signal: AbortSignal): Promise<Diagnosis[]> {
  const [credentials, functions] = await Promise.all([
    checkCredentials(settings, { clock, signal }),
    checkFunctions(settings, { clock, signal }),
  ]);
  const { findings, devices } = credentials;
  return [
    ...inArea('Credentials', findings),
    ...inArea('Functions', functions),
    ...(devices === undefined ? [] : inArea('Devices', checkDevices(devices, settingsToGroup(settings), clock.now()))),
  ];
}
