import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseSettings } from '../../shim/settings/settings.ts';
import type { Manifest } from '../cluster/kubectl.ts';
import { namespaceOf } from '../cluster/manifests.ts';
import { createStops } from '../cluster/stops.ts';
import { type TestCluster, startTestCluster } from '../cluster/test-cluster.ts';
import { type Helm, createHelm, parseRendered } from './helm.ts';
import { findViolations } from './kubeconform.ts';
import { chart } from './manifests.ts';
import { containerOf, podOf } from './pod-template.ts';
import { writeSchemas } from './schemas.ts';
import { namespace, render, valueSets, writeValues } from './value-sets.ts';

const root = join(import.meta.dirname, '..', '..');

describe('all that is rendered, on a real API server', () => {
  const stops = createStops();
  let cluster: TestCluster;
  let helm: Helm;
  let folder: string;
  let schemas: string;

  beforeAll(async () => {
    folder = await stops.folder();
    helm = createHelm({ binary: inject('tools').helm, folder });
    cluster = await startTestCluster({ serviceAccountAdmission: true });
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    for (const name of [namespace, 'team-a', 'team-b']) {
      await cluster.kubectl.apply({ ...namespaceOf(name), metadata: { name, labels: restricted } });
    }
    // Of others: the namespace's own account, which a controller makes.
    await cluster.kubectl.apply({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
    });
    await cluster.kubectl.installCrds(join(root, 'deploy', 'crds'));
    schemas = await writeSchemas(cluster.apiServer.client, join(folder, 'schemas'));
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await stops[Symbol.asyncDispose]();
  });

  const violations = (manifests: readonly Manifest[]) =>
    findViolations({ binary: inject('tools').kubeconform, schemas, manifests });

  it.each(valueSets)('with $name, the chart passes helm lint', async ({ values }) => {
    const file = await writeValues(folder, values);
    const told = await helm('lint', '--strict', chart, `--namespace=${namespace}`, `--values=${file}`);
    expect(told).toContain('0 chart(s) failed');
  });

  it.each(valueSets)('with $name, every object is valid, accepted and restricted', async ({ values }) => {
    const manifests = await render(helm, folder, values);
    expect(await violations(manifests)).toEqual([]);
    await cluster.kubectl.apply(...manifests);
    for (const deployment of manifests.filter(({ kind }) => kind === 'Deployment')) {
      const pod = podOf(deployment);
      // Pod Security decides about Pods, not about what makes them.
      await cluster.kubectl.apply(pod);
      await cluster.kubectl.delete(pod);
    }
  });

  it.each(valueSets)('with $name, the shim understands its flags', async ({ values }) => {
    const deployment = (await render(helm, folder, values)).find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) throw new Error('no Deployment');
    const [command, ...flags] = containerOf(deployment).container.args ?? [];
    expect(command).toBe('serve');
    expect(parseSettings(flags, { TS_ENVOY_API_TOKEN: 'key' })).toMatchObject({ kind: 'settings' });
  });

  it('lets nothing out but DNS and its own where no ports are named', async () => {
    const manifests = await render(helm, folder, { networkPolicy: { enabled: true, egressPorts: [] } });
    const policy = manifests.find(({ kind }) => kind === 'NetworkPolicy');
    const { egress } = (policy?.['spec'] ?? { egress: [] }) as {
      egress: readonly { ports?: readonly { port: unknown }[] | null }[];
    };
    // A rule without ports is one for all of them.
    expect(egress.map(({ ports }) => ports?.map(({ port }) => port))).toEqual([
      [53, 53],
      ['hooks', 'xds'],
    ]);
  });

  it('has checks that find what is wrong', async () => {
    const manifests = await render(helm, folder, {
      securityContext: { capabilities: { add: ['NET_ADMIN'] } },
    });
    const deployment = manifests.find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) throw new Error('no Deployment');
    await expect(cluster.kubectl.apply(podOf(deployment))).rejects.toThrow(/violates PodSecurity "restricted/);
    const misspelt = { ...deployment, spec: { ...(deployment['spec'] as object), replica: 2 } };
    expect(await violations([misspelt])).toEqual([expect.stringContaining('replica')]);
    expect(await violations([{ ...deployment, kind: 'Deploiment' }])).toHaveLength(1);
  });

  it.each(['extension-server/deployment.yaml', 'envoy-gateway/envoy-gateway-config.yaml'])(
    'has plain manifests that can be applied: %s',
    async (path) => {
      const manifests = parseRendered(await readFile(join(root, 'deploy', path), 'utf8'));
      expect(await violations(manifests)).toEqual([]);
      await cluster.kubectl.apply(...manifests);
    },
  );
});
