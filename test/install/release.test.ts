import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import type { Manifest, Reference } from '../cluster/kubectl.ts';
import { endpointTo, endpointsOf, namespaceOf } from '../cluster/manifests.ts';
import { createStops } from '../cluster/stops.ts';
import { type TestCluster, startTestCluster } from '../cluster/test-cluster.ts';
import { findEarlierCharts } from './earlier-charts.ts';
import { type Helm, createHelm } from './helm.ts';
import { chart } from './manifests.ts';
import { containerOf } from './pod-template.ts';
import { namespace, writeValues } from './value-sets.ts';

const name = 'tailscale-gateway-extension-server';
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace } };
const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name, namespace } };
const rbac = 'rbac.authorization.k8s.io/v1';
const clusterRole = { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: `${namespace}:${name}` } };
const role = { apiVersion: rbac, kind: 'Role', metadata: { name: `${namespace}:${name}`, namespace: 'team-a' } };
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'tailscaleendpoints.gateway.tailscale.com' },
};
const endpoints = endpointsOf('kept', [endpointTo('kept', { port: 80 })], 'team-a');

const stops = createStops();
const earlier = await findEarlierCharts(await stops.folder());

describe('a release', () => {
  let cluster: TestCluster;
  let helm: Helm;
  let folder: string;

  beforeAll(async () => {
    folder = await stops.folder();
    cluster = await startTestCluster();
    const { kubeconfig } = cluster.apiServer;
    helm = createHelm({ binary: inject('tools').helm, folder, kubeconfig });
    await cluster.kubectl.apply(...[namespace, 'team-a'].map(namespaceOf));
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await stops[Symbol.asyncDispose]();
  });

  const get = async (reference: Reference) => {
    const found = await cluster.kubectl.get(reference);
    if (found === undefined) throw new Error(`no ${reference.kind} ${reference.metadata.name}`);
    return found;
  };
  const shortNames = async () =>
    ((await get(crd))['spec'] as { names: { shortNames?: readonly string[] } }).names.shortNames;
  const argsOf = (manifest: Manifest) => containerOf(manifest).container.args;
  const flag = `--namespace=${namespace}`;

  const rulesOf = async (reference: Reference) => (await get(reference))['rules'] as readonly object[];

  it.each(earlier)(
    'upgrades from $name, takes new values, and leaves CRDs and objects when it goes',
    async ({ path }) => {
      const notes = await helm('install', 'tailway', path, flag);
      expect(notes).toContain('kubectl rollout status deployment/');
      await cluster.kubectl.apply(endpoints);
      const { uid } = (await get(endpoints)).metadata;

      await helm('upgrade', 'tailway', chart, flag, '--reset-then-reuse-values');
      expect(await shortNames()).toEqual(expect.arrayContaining(['tse']));
      await get(budget);
      const upgraded = await get(deployment);

      await helm('upgrade', 'tailway', chart, flag, '--reset-then-reuse-values');
      expect((await get(deployment)).metadata.generation).toBe(upgraded.metadata.generation);

      const values = '--set=settings.poll-interval=1m,namespaces={team-a}';
      await helm('upgrade', 'tailway', chart, flag, '--reset-then-reuse-values', values);
      expect(argsOf(await get(deployment))).toEqual(
        expect.arrayContaining(['--namespaces=team-a', '--poll-interval=1m']),
      );
      expect(await rulesOf(clusterRole)).toHaveLength(1);
      expect((await rulesOf(role)).length).toBeGreaterThan(1);

      await helm('rollback', 'tailway', '2', flag);
      expect(argsOf(await get(deployment))).toEqual(argsOf(upgraded));
      expect(await cluster.kubectl.get(role)).toBeUndefined();

      await helm('uninstall', 'tailway', flag);
      expect(await cluster.kubectl.get(deployment)).toBeUndefined();
      expect(await cluster.kubectl.get(clusterRole)).toBeUndefined();
      expect((await get(endpoints)).metadata.uid).toBe(uid);
    },
  );

  it('takes its CRDs back when it is installed again', async () => {
    await helm('install', 'tailway', chart, flag);
    await helm('uninstall', 'tailway', flag);
    expect(await shortNames()).toContain('tse');
  });

  it('leaves Envoy Gateway the configuration that it wrote', async () => {
    await helm('install', 'tailway', chart, flag, '--set=envoyGateway.writeConfig=true');
    await helm('uninstall', 'tailway', flag);
    const metadata = { name: 'envoy-gateway-config', namespace: 'envoy-gateway-system' };
    expect(await cluster.kubectl.get({ apiVersion: 'v1', kind: 'ConfigMap', metadata })).toBeDefined();
  });

  it('leaves CRDs alone that others have installed', async () => {
    const others = namespaceOf('other-system');
    await cluster.kubectl.apply(others);
    const into = '--namespace=other-system';
    await expect(helm('install', 'other', chart, into)).rejects.toThrow(/invalid ownership metadata/);
    await helm('install', 'other', chart, into, '--set=crds.install=false');
    await helm('uninstall', 'other', into);
    expect(await shortNames()).toContain('tse');
  });

  it('lives beside another in a namespace of its own, over the same namespaces', async () => {
    await cluster.kubectl.apply(namespaceOf('second-system'));
    const values = '--set=namespaces={team-a},envoyGateway.rbac.namespaces={team-a},tailnets.secrets.team-a={lab}';
    for (const each of ['second-system', namespace])
      await helm('install', 'beside', chart, `--namespace=${each}`, values, '--set=crds.install=false');
    await helm('uninstall', 'beside', '--namespace=second-system');
    const rest = await cluster.kubectl.list({ apiVersion: rbac, kind: 'RoleBinding' }, 'team-a');
    expect(rest.map(({ metadata }) => metadata.name).toSorted()).toEqual(
      ['', '-envoy-gateway', '-secrets'].map((end) => `${namespace}:${name}${end}`),
    );
    await helm('uninstall', 'beside', `--namespace=${namespace}`);
  });

  it.each([
    { what: 'names that YAML reads as numbers', release: '123', into: '456', own: '', account: '1e3' },
    { what: 'names that YAML reads as words', release: 'true', into: 'null', own: 'yes', account: 'no' },
    {
      what: 'names as long as can be',
      release: 'r'.repeat(53),
      into: 'n'.repeat(63),
      own: 'a'.repeat(63),
      account: '',
    },
  ])('takes $what', async ({ release, into, own, account }) => {
    await cluster.kubectl.apply(namespaceOf(into));
    const values = {
      fullnameOverride: own,
      crds: { install: false },
      serviceAccount: { name: account },
      namespaces: [into],
      tailnets: { secrets: { [into]: ['1'] } },
      envoyGateway: { namespace: into, serviceAccount: '2', writeConfig: true, configMap: '3' },
      credentials: { existingSecret: '4' },
      priorityClassName: '5',
      podLabels: { team: '6' },
      networkPolicy: { enabled: true },
    };
    const file = await writeValues(folder, values);
    await helm('install', release, chart, `--namespace=${into}`, `--values=${file}`);
    const labels = { ...values, podLabels: { team: 'other', more: 'yes' } };
    await helm('upgrade', release, chart, `--namespace=${into}`, `--values=${await writeValues(folder, labels)}`);
    const deployed = await get({ ...deployment, metadata: { name: own || name, namespace: into } });
    expect(deployed).toMatchObject({ spec: { template: { metadata: { labels: labels.podLabels } } } });
    await helm('uninstall', release, `--namespace=${into}`);
  });

  it("says what Envoy Gateway's chart is to be given, as the file of it says", async () => {
    const notes = await helm('install', 'tailway', chart, flag, '--dry-run=server');
    const [, values = ''] = /<<'EOF'\n(.*?)\nEOF\n/s.exec(notes) ?? [];
    const file = join(import.meta.dirname, '..', '..', 'deploy', 'envoy-gateway', 'helm', 'values.yaml');
    expect(parse(values)).toEqual(parse(await readFile(file, 'utf8')));
  });
});
