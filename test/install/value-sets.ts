import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Helm, parseRendered } from './helm.ts';
import { chart } from './manifests.ts';
import type { Manifest } from '../cluster/kubectl.ts';

/** The namespace that all is installed into. */
export const namespace = 'tailscale-gateway-system';

/** Sets of values that differ in what is rendered. */
export const valueSets: ReadonlyArray<{ readonly name: string; readonly values: object }> = [
  { name: 'nothing set', values: {} },
  {
    name: 'two namespaces alone',
    values: {
      namespaces: ['team-a', 'team-b'],
      tailnets: { secrets: { 'team-a': ['headscale'] } },
      envoyGateway: { rbac: { namespaces: ['team-a', 'team-b'] } },
    },
  },
  {
    name: 'all that is optional',
    values: {
      replicaCount: 3,
      image: { repository: 'example.com/tailway', digest: `sha256:${'0'.repeat(64)}` },
      imagePullSecrets: [{ name: 'pull' }],
      credentials: { existingSecret: 'tailway' },
      settings: {
        'poll-interval': '1m',
        retries: 2,
        'access-log': true,
        'discovery-tags': ['tag:weight-1', 'tag:weight-2'],
        'allow-targets': '10.0.0.0/8',
        'endpoint-port': 1_000,
      },
      extraArgs: ['--log-level=debug'],
      extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
      tailnets: { allSecrets: true },
      state: { enabled: true },
      service: { ipFamilyPolicy: 'PreferDualStack', annotations: { a: 'b' } },
      rbac: { aggregateToUserRoles: true },
      envoyGateway: { writeConfig: true },
      networkPolicy: {
        enabled: true,
        extraIngress: [{ from: [{ ipBlock: { cidr: '100.64.0.0/10' } }] }],
        extraEgress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
      },
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      podAnnotations: { a: 'b' },
      podLabels: { team: 'edge' },
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'edge', operator: 'Exists' }],
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
      ],
      extraVolumes: [{ name: 'devices', configMap: { name: 'devices' } }],
      extraVolumeMounts: [{ name: 'devices', mountPath: '/devices', readOnly: true }],
    },
  },
  {
    name: 'as little as can be',
    values: {
      replicaCount: 1,
      crds: { install: false },
      rbac: { create: false },
      serviceAccount: { create: false, name: 'default' },
      envoyGateway: { rbac: { create: false } },
      tailnets: { enabled: false },
      podDisruptionBudget: { enabled: false },
      preStopSeconds: 0,
    },
  },
  { name: 'servers on IPv6', values: { bindAddress: '::' } },
];

/** Renders the chart as `helm install` would. */
export async function render(helm: Helm, folder: string, values: object = {}): Promise<readonly Manifest[]> {
  const file = await writeValues(folder, values);
  return parseRendered(await helm('template', 'tailway', chart, `--namespace=${namespace}`, `--values=${file}`));
}

/** Path of a new file with these values. */
export async function writeValues(folder: string, values: object): Promise<string> {
  const file = join(folder, `values-${process.hrtime.bigint()}.json`);
  await writeFile(file, JSON.stringify(values));
  return file;
}
