import { type KubeClient, createKubeClient } from '../../kubernetes/kube-client.ts';
import { systemClock as clock } from '../../timing/clock.ts';
import type { Call } from '../command-definition.ts';
import { type Command, defineCommand } from '../command.ts';
import { type Flags, jsonFlag } from '../flag.ts';
import type { CrdObject } from './check-crds.ts';
import { createClusterObjects } from './cluster-objects.ts';
import { type ClusterPlace, flagsToPlace, placeFlags } from './cluster-place.ts';
import { type DeployedShim, findDeployedShim, findFlagsBeside, flagsForOthers } from './deployed-shim.ts';
import { diagnoseCluster } from './diagnose-cluster.ts';
import { diagnosePeers } from './diagnose-peers.ts';
import { diagnosePorts } from './diagnose-ports.ts';
import { type Diagnosis, inArea } from './diagnosis.ts';
import { formatDiagnoses } from './diagnosis-text.ts';
import { findCluster } from './doctor-cluster.ts';
import { diagnoseSettings, readSettings } from './doctor-settings.ts';

const flags = {
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    environment: 'KUBECONFIG',
    help: 'the cluster; else that of the Pod, else ~/.kube/config',
  },
  ...placeFlags,
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
    const own = flagsToPlace(call.flags, cluster, beside.settings);
    const deployed = cluster?.isOwn === false && client ? await findDeployed(client, own, signal) : undefined;
    const read =
      deployed === undefined ? beside : readSettings(flagsForOthers(deployed.flags, environment), environment);
    const place = flagsToPlace(call.flags, cluster, read.settings, deployed);
    const { settings } = read;
    const diagnoses = [
      ...diagnoseSettings(read),
      ...(client === undefined ? noCluster : await diagnoseCluster(client, place, await expectedCrds(), signal)),
      ...(await diagnosePorts(call.flags.host, cluster, place)),
      ...(settings === undefined ? [] : await diagnosePeers(settings, deployed, { clock, signal })),
    ];
    return tell(call, diagnoses);
  } finally {
    client?.close();
  }
}

/** A cluster that does not answer is told of by what follows. */
function findDeployed(client: KubeClient, place: ClusterPlace, signal: AbortSignal): Promise<DeployedShim | undefined> {
  return findDeployedShim(createClusterObjects(client, AbortSignal.any([signal, AbortSignal.timeout(5000)])), place);
}

function tell({ flags: { json }, out, style }: DoctorCall, diagnoses: readonly Diagnosis[]): number {
  out(json ? `${JSON.stringify({ diagnoses }, undefined, 2)}\n` : formatDiagnoses(diagnoses, style));
  return diagnoses.some(({ level }) => level === 'problem') ? 1 : 0;
}

const noCluster = inArea('Cluster', [
  {
    level: 'skipped',
    subject: 'cluster',
    detail: 'none is configured',
    remedy: '--kubeconfig FILE, for what is in one',
  },
]);
