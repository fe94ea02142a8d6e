import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { commands } from '../../deploy/command/commands.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { ShimStatus } from '../../shim/admin/shim-status.ts';
import { runCommand } from '../../shim/command/fake-shim.ts';
import type { Diagnosis } from '../../shim/command/doctor/diagnosis.ts';
import { createFakeTailscale, type FakeTailscale } from '../fake-tailscale/fake-tailscale.ts';
import { tailscaleDevice } from '../fake-tailscale/tailnet.ts';
import type { Manifest } from './kubectl.ts';
import { endpointsOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';

const deploy = join(import.meta.dirname, '..', '..', 'deploy');

/** Envoy Gateway, as its chart installs it, as far as a doctor sees it: nobody runs Deployments here. */
const envoyGateway: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'envoy-gateway', namespace: 'envoy-gateway-system' },
  spec: {
    selector: { matchLabels: { app: 'envoy-gateway' } },
    template: {
      metadata: { labels: { app: 'envoy-gateway' } },
      spec: { containers: [{ name: 'envoy-gateway', image: 'docker.io/envoyproxy/gateway:v1.9.1' }] },
    },
  },
};

/** What the controllers would write for one Pod that is ready. */
function sliceOf(ready: boolean): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'tailscale-gateway-extension-server-1',
      namespace: 'tailscale-gateway-system',
      labels: { 'kubernetes.io/service-name': 'tailscale-gateway-extension-server' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready } }],
    ports: [{ name: 'grpc-hooks', port: 5005 }],
  };
}

/** The Secret that the Deployment names. */
function secretWith(key: string): Manifest {
  const metadata = { name: 'tailway', namespace: 'tailscale-gateway-system' };
  return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { [key]: 'a-value-of-the-secret' } };
}

/** The Deployment and the Service of the shim. */
const shim = { metadata: { name: 'tailscale-gateway-extension-server', namespace: 'tailscale-gateway-system' } };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', ...shim } as const;
const service = { apiVersion: 'v1', kind: 'Service', ...shim } as const;

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'envoy-gateway-config', namespace: 'envoy-gateway-system' },
} as const;

let cluster: TestCluster;
let tailscale: FakeTailscale;
let metricsPort: number;
let healthPort: number;

beforeAll(async () => {
  cluster = await startTestCluster();
  tailscale = await createFakeTailscale();
  cluster.defer(() => tailscale.close());
  tailscale.setDevices([tailscaleDevice(1), tailscaleDevice(2, { tags: ['tag:weight-2'] })]);
  const { kubectl } = cluster;
  await kubectl.applyYaml(await read('extension-server', 'deployment.yaml'));
  await kubectl.applyYaml(await read('envoy-gateway', 'envoy-gateway-config.yaml'));
  await kubectl.apply(envoyGateway, sliceOf(true), secretWith('TS_ENVOY_API_TOKEN'));
  await setAvailable(1);
  ({ metricsPort, healthPort } = await cluster.shim([`--devices=${cluster.devicesFile}`, '--status-interval=100ms']));
});
afterAll(async () => cluster[Symbol.asyncDispose]());

function read(...path: readonly string[]): Promise<string> {
  return readFile(join(deploy, ...path), 'utf8');
}

function setAvailable(replicas: number): Promise<void> {
  const status = { replicas, readyReplicas: replicas, availableReplicas: replicas };
  return cluster.kubectl.patch(envoyGateway, { status }, 'status');
}

/** Runs the command as a person with all rights does, with the shim's ports forwarded. */
async function diagnose(environment: NodeJS.ProcessEnv = {}, args: readonly string[] = []) {
  const doctor = commands.find(({ name }) => name === 'doctor');
  if (doctor === undefined) throw new Error('there is no command doctor');
  const { code, out, err } = await runCommand(doctor, ['--host=127.0.0.1', '--json', ...args], {
    KUBECONFIG: cluster.apiServer.kubeconfig,
    TS_ENVOY_API_URL: tailscale.url,
    TS_ENVOY_API_TOKEN: tailscale.apiKey,
    ...environment,
  });
  expect(err).toBe('');
  expect(out).not.toContain(tailscale.apiKey);
  expect(out).not.toContain('a-value-of-the-secret');
  const { diagnoses } = JSON.parse(out) as { readonly diagnoses: readonly Diagnosis[] };
  return { code, diagnoses, bad: diagnoses.filter(({ level }) => level !== 'ok').map(toLine) };
}

/** The API server decides by Roles that it learns of by a watch: waits until the doctor tells these lines about rights. */
async function untilRights(expected: readonly string[]): Promise<readonly string[]> {
  return waitFor(`the rights to be ${JSON.stringify(expected)}`, async () => {
    const lines = (await diagnose()).bad.filter((line) => line.includes('Rights'));
    expect(lines).toEqual(expected);
    return lines;
  });
}

function toLine({ level, area, subject, detail }: Diagnosis): string {
  return `${level} ${area}: ${subject}: ${detail}`;
}

/** Whatever a test changes is put back. */
async function withChange(reference: Manifest, change: () => Promise<void>, test: () => Promise<void>): Promise<void> {
  const { kubectl } = cluster;
  const before = await kubectl.get(reference);
  try {
    await change();
    await test();
  } finally {
    if (before !== undefined) {
      const { metadata, status: _, ...rest } = before;
      const { name, namespace, labels } = metadata as { name: string; namespace?: string; labels?: object };
      await kubectl.delete(reference).catch(() => undefined);
      await kubectl.apply({
        ...rest,
        metadata: {
          name,
          ...(namespace === undefined ? {} : { namespace }),
          ...(labels === undefined ? {} : { labels }),
        },
      });
    }
  }
}

async function configured(change: (manager: Record<string, unknown>) => void): Promise<void> {
  const found = await cluster.kubectl.get(configMap);
  const text = (found?.['data'] as Record<string, string> | undefined)?.['envoy-gateway.yaml'] ?? '';
  const configuration = parse(text) as { extensionManager: Record<string, unknown> };
  change(configuration.extensionManager);
  await cluster.kubectl.patch(configMap, { data: { 'envoy-gateway.yaml': stringify(configuration) } });
}

describe('tailway doctor on an API server', () => {
  // The shim's ports are those of this test, not those of the manifests.
  const ports = /^problem Ports/;

  it('finds nothing wrong with what deploy/ installs, but the ports', async () => {
    await untilRights([]);
    const { code, bad, diagnoses } = await diagnose();
    expect(bad.filter((line) => !ports.test(line))).toEqual([]);
    expect(diagnoses.filter(({ area }) => area === 'CRDs')).toHaveLength(4);
    expect(diagnoses.filter(({ area }) => area === 'Rights').map(({ level }) => level)).toEqual(['ok', 'ok']);
    expect(code).toBe(1);
  });

  it('reaches the ports of a shim that runs', async () => {
    const ports = { GRPC_PORT: `${cluster.grpcPort}`, TS_ENVOY_PORT: `${cluster.xdsPort}` };
    const { diagnoses } = await diagnose({ ...ports, HEALTH_PROBE_BIND_ADDRESS: `127.0.0.1:${healthPort}` });
    const found = diagnoses.filter(({ area }) => area === 'Ports');
    expect(found.map(({ level, detail }) => `${level} ${detail}`)).toEqual(['ok serves', 'ok serves', 'ok is ready']);
  });

  it('sees a CRD that is not there, and one of another version', async () => {
    const crd = (plural: string): Manifest => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.gateway.tailscale.com` },
    });
    const other = crd('tailscaletailnets');
    await withChange(
      other,
      async () => {
        const found = await cluster.kubectl.get(other);
        const spec = found?.['spec'] as { versions: Record<string, unknown>[] } | undefined;
        const [version] = spec?.versions ?? [];
        const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
        await cluster.kubectl.patch(other, { spec: { versions: [{ ...version, schema }] } });
      },
      async () => {
        const { bad } = await diagnose();
        expect(bad).toContainEqual(
          expect.stringContaining('tailscaletailnets.gateway.tailscale.com: is of another version'),
        );
      },
    );
    const policies = crd('tailscaleroutepolicies');
    await cluster.kubectl.patch(policies, { metadata: { finalizers: ['tailway.test/held'] } });
    const deleted = cluster.kubectl.delete(policies);
    await waitFor('the deletion', async () => (await cluster.kubectl.get(policies))?.metadata['deletionTimestamp']);
    expect((await diagnose()).bad).toContain(
      'problem CRDs: tailscaleroutepolicies.gateway.tailscale.com: is being deleted, and its resources with it',
    );
    await cluster.kubectl.patch(policies, { metadata: { finalizers: [] } });
    await deleted;
    const { bad, code } = await diagnose();
    expect(bad).toContain('problem CRDs: tailscaleroutepolicies.gateway.tailscale.com: is not installed');
    expect(code).toBe(1);
    await cluster.kubectl.installCrds(join(deploy, 'crds'));
    expect((await diagnose()).bad.filter((line) => line.includes('CRDs'))).toEqual([]);
  });

  it('names each right that is missing, and what is lost by it', async () => {
    const role: Manifest = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'tailscale-gateway-system:tailscale-gateway-extension-server' },
    };
    const remove = async () => {
      const found = await cluster.kubectl.get(role);
      const rules = found?.['rules'] as { resources: readonly string[] }[];
      const kept = rules.filter(({ resources }) => !resources.includes('tailscalegatewayrevisions'));
      await cluster.kubectl.patch(role, { rules: kept });
    };
    await withChange(role, remove, async () => {
      const told = [
        'problem Rights: the shim (tailscale-gateway-system/tailscale-gateway-extension-server): may not list, watch, ' +
          'create, patch, delete tailscalegatewayrevisions.gateway.tailscale.com: Envoy Gateway does not notice changes',
      ];
      expect(await untilRights(told)).toEqual(told);
    });
    await untilRights([]);
  });

  it('says who cannot ask for rights', async () => {
    const { bad } = await diagnose({ KUBECONFIG: cluster.apiServer.kubeconfigOf('tester') });
    const rights = bad.filter((line) => line.includes('Rights'));
    expect(rights).toHaveLength(2);
    expect(rights.every((line) => line.startsWith('skipped'))).toBe(true);
    expect(bad).toContainEqual(expect.stringMatching(/^skipped Envoy Gateway: .*answered 403/));
  });

  it.each<{ name: string; change: (manager: Record<string, unknown>) => void; line: string }>([
    {
      name: 'no hook for clusters',
      change: (manager) => (manager['hooks'] = { xdsTranslator: { post: ['VirtualHost', 'Route', 'Cluster'] } }),
      line: 'problem Envoy Gateway: extensionManager.hooks: xdsTranslator.post lacks Translation: no clusters are injected',
    },
    {
      name: 'no revisions',
      change: (manager) => (manager['policyResources'] = []),
      line: 'problem Envoy Gateway: extensionManager.policyResources: lacks TailscaleGatewayRevision: changes wait until Envoy Gateway translates for another reason',
    },
    {
      name: 'no backends',
      change: (manager) => delete manager['backendResources'],
      line: 'warning Envoy Gateway: extensionManager.backendResources: lacks TailscaleEndpoints: backendRefs cannot name them',
    },
    {
      name: 'small messages',
      change: (manager) => delete manager['maxMessageSize'],
      line: 'warning Envoy Gateway: extensionManager.maxMessageSize: is not set: 4 MiB: larger translations fail; 1000M is what Tailway takes',
    },
    {
      name: 'another port',
      change: (manager) =>
        (manager['service'] = {
          fqdn: {
            hostname: 'tailscale-gateway-extension-server.tailscale-gateway-system.svc.cluster.local',
            port: 5006,
          },
        }),
      line: 'problem Envoy Gateway: extensionManager.service: names port 5006; the extension server is at 5005',
    },
    {
      name: 'another server',
      change: (manager) => (manager['service'] = { fqdn: { hostname: 'other.default.svc.cluster.local', port: 5005 } }),
      line: 'problem Envoy Gateway: extensionManager: names other.default.svc.cluster.local, not tailscale-gateway-extension-server.tailscale-gateway-system.svc: no hook is called',
    },
  ])("reads Envoy Gateway's configuration: $name", async ({ change, line }) => {
    await withChange(
      configMap,
      () => configured(change),
      async () => expect((await diagnose()).bad).toContain(line),
    );
  });

  it('sees an Envoy Gateway that is old, does not run, or is not there', async () => {
    const { kubectl } = cluster;
    const old = { name: 'envoy-gateway', image: 'docker.io/envoyproxy/gateway:v1.5.0' };
    const { spec } = envoyGateway as unknown as { spec: { template: { metadata: object } } };
    await kubectl.apply({
      ...envoyGateway,
      spec: { ...spec, template: { ...spec.template, spec: { containers: [old] } } },
    });
    await setAvailable(0);
    expect((await diagnose()).bad).toEqual(
      expect.arrayContaining([
        'problem Envoy Gateway: Deployment envoy-gateway-system/envoy-gateway: has no Pod that is available',
        'warning Envoy Gateway: version: 1.5 is older than 1.9, which Tailway is tested with',
      ]),
    );
    await kubectl.delete(envoyGateway);
    expect((await diagnose()).bad).toContain(
      'problem Envoy Gateway: Deployment envoy-gateway-system/envoy-gateway: is not there: gateways get no routes',
    );
    await kubectl.apply(envoyGateway);
    await setAvailable(1);
  });

  it('sees a Service without Pods that are ready, and one that is not there', async () => {
    await cluster.kubectl.apply(sliceOf(false));
    expect((await diagnose()).bad).toContainEqual(expect.stringContaining('leads to no Pod that is ready (of 1)'));
    await cluster.kubectl.apply(sliceOf(true));
    const { bad } = await diagnose({}, ['--namespace=elsewhere']);
    expect(bad).toContain('problem Service: Service elsewhere/tailscale-gateway-extension-server: is not there');
  });

  it('looks at the Secret that the Deployment names', async () => {
    const { kubectl } = cluster;
    const secret = 'Credentials: Secret tailscale-gateway-system/tailway';
    expect((await diagnose({ TS_ENVOY_API_TOKEN: '' })).bad).toContain(
      'skipped Credentials: devices: are read with credentials that are not seen from here',
    );
    await kubectl.delete(secretWith('any'));
    expect((await diagnose()).bad).toContainEqual(expect.stringContaining(`warning ${secret}: is not there`));
    await kubectl.apply(secretWith('api-key'));
    expect((await diagnose()).bad).toContain(
      `warning ${secret}: has neither TS_ENVOY_API_TOKEN nor TS_ENVOY_OAUTH_CLIENT_ID and ` +
        'TS_ENVOY_OAUTH_CLIENT_SECRET, but api-key',
    );
    await kubectl.delete(secretWith('any'));
    await kubectl.apply(secretWith('TS_ENVOY_API_TOKEN'));
    expect((await diagnose()).bad.filter((line) => line.includes(secret))).toEqual([]);
  });

  it('asks for the rights of the account and the namespaces that the Deployment names', async () => {
    const found = await cluster.kubectl.get(deployment);
    const { spec } = found as unknown as { spec: { template: { spec: { containers: { args: string[] }[] } } } };
    const [container] = spec.template.spec.containers;
    if (container === undefined) throw new Error('no container');
    const changed = {
      serviceAccountName: 'other',
      containers: [{ ...container, args: ['serve', '--namespaces=team-a'] }],
    };
    await withChange(
      { ...deployment, spec },
      () => cluster.kubectl.patch(deployment, { spec: { template: { spec: changed } } }),
      async () => {
        const lines = (await diagnose()).bad.filter((line) => line.includes('Rights'));
        expect(lines).toContain(
          'problem Rights: the shim (tailscale-gateway-system/other): may not list, watch ' +
            'gateways.gateway.networking.k8s.io in team-a: nothing is injected',
        );
      },
    );
  });

  it('takes the ports that the Service has for those of the shim', async () => {
    const ports = [
      { name: 'grpc-hooks', port: 6005, targetPort: 'hooks' },
      { name: 'grpc-xds', port: 6000, targetPort: 'xds' },
    ];
    await withChange(
      service,
      () => cluster.kubectl.patch(service, { spec: { ports } }),
      async () => {
        const { bad } = await diagnose();
        expect(bad.filter((line) => line.includes('Service:'))).toEqual([]);
        expect(bad).toContain(
          'problem Envoy Gateway: extensionManager.service: names port 5005; the extension server is at 6005',
        );
      },
    );
  });

  it('says which scope credentials lack, and what is wrong with devices', async () => {
    tailscale.fault('forbidden', { on: 'devices', times: 1 });
    expect((await diagnose()).bad).toContainEqual(expect.stringMatching(/^problem Credentials: .*devices:core:read/));
    tailscale.fault('forbidden', { on: 'attributes', times: 1 });
    expect((await diagnose()).bad).toContainEqual(
      expect.stringMatching(/^warning Credentials: .*devices:posture_attributes:read/),
    );
    expect((await diagnose({ TS_ENVOY_API_TOKEN: 'wrong' })).bad).toContainEqual(
      expect.stringMatching(/^problem Credentials: .*is refused/),
    );
    tailscale.setDevices([tailscaleDevice(1), tailscaleDevice(2, { blocksIncomingConnections: true })]);
    const { diagnoses } = await diagnose();
    expect(diagnoses).toContainEqual(
      expect.objectContaining({
        area: 'Devices',
        level: 'warning',
        remedy: 'on the device: tailscale set --shields-up=false',
      }),
    );
  });

  it('tells the resources that do not work, in their own words', async () => {
    const { kubectl } = cluster;
    const refused = { name: 'metadata', port: 80, protocol: 'HTTP', externalTarget: '169.254.169.254:80' };
    const unwell = endpointsOf('unwell', [refused]);
    await kubectl.apply(unwell);
    const line = await waitFor('the status of the resource', async () => {
      const { diagnoses } = await diagnose();
      return diagnoses.find(
        ({ subject, detail }) => subject.endsWith('default/unwell') && detail.includes('not Accepted'),
      );
    });
    expect(line).toMatchObject({
      area: 'Resources',
      level: 'warning',
      detail: expect.stringContaining('169.254.169.254 is forbidden'),
      remedy: 'kubectl -n default describe tailscaleendpoints unwell',
    });
    await kubectl.delete(unwell);
  });

  it('finds a shim that leads, by its own status', async () => {
    const status = await waitFor('the leader, once it has heard of all deletions', async () => {
      const answer = await fetch(`http://127.0.0.1:${metricsPort}/status`);
      const found = (await answer.json()) as ShimStatus;
      return found.leader === true && found.ready && found.resources?.refused.total === 0 ? found : undefined;
    });
    expect(status).toMatchObject({ problems: [], resources: { synced: true }, hooks: [] });
  });

  it('says when the API server is away', async () => {
    await cluster.apiServer.pause();
    const { bad, code } = await diagnose();
    expect(code).toBe(1);
    expect(bad.filter((line) => line.includes('Cluster'))).toEqual([expect.stringMatching(/ECONNREFUSED/)]);
    expect(bad.filter((line) => line.includes('Rights'))).toEqual([]);
    await cluster.apiServer.resume();
  });
});
