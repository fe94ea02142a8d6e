import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Access, mayAccess, serviceAccount, untilAccess } from '../cluster/access.ts';
import { type ApiServer, startApiServer } from '../cluster/api-server.ts';
import { type Kubectl, type Manifest, createKubectl } from '../cluster/kubectl.ts';
import { type Stops, createStops } from '../cluster/stops.ts';
import { podOf } from '../install/pod-template.ts';
import { controlPlaneManifests, onlyOf, serverChart, serverManifests } from './demo-manifests.ts';
import { version } from '../../shim/version.ts';
import { containersOf } from './pod-container.ts';

const host = 'controlPlaneHost=100.120.143.2';

/** As the walk-through calls helm, and what else the values offer. */
const valueSets = [
  { name: 'west', values: [host] },
  { name: 'east', values: [host, 'serverLocality=east', 'advertiseTags=--advertise-tags=tag:weight-2'] },
  { name: 'without privileges', values: [host, 'tailscale.privileged=false'] },
  {
    name: 'everything',
    values: [
      'controlPlaneHost=tsnet-dynamic-eds.tail1234.ts.net',
      'controlPlanePort=18001',
      'replicas=3',
      'image.repository=registry.example.com/server',
      'image.tag=v2',
      'imagePullSecrets[0].name=pull',
      'authKeySecret.name=other',
      'authKeySecret.key=key',
      'envoy.logLevel=debug',
      'podAnnotations.a=b',
      'nodeSelector.disk=ssd',
      'tolerations[0].operator=Exists',
      'affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight=1',
      'affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topologyKey=kubernetes.io/hostname',
      'affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector.matchLabels.app=tailscale-server',
    ],
  },
];

let stops: Stops;
let apiServer: ApiServer;
let kubectl: Kubectl;

beforeAll(async () => {
  stops = createStops();
  apiServer = await startApiServer(await stops.folder(), inject('programs'));
  stops.defer(() => apiServer.stop());
  kubectl = createKubectl(apiServer.client);
  for (const level of ['restricted', 'privileged']) {
    const labels = { 'pod-security.kubernetes.io/enforce': level };
    await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: level, labels } });
  }
});

afterAll(async () => stops[Symbol.asyncDispose]());

function within(namespace: string, manifest: Manifest): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, namespace } };
}

/** The Secrets' keys that the containers of a Deployment need. */
function secretKeysOf(deployment: Manifest): readonly string[] {
  const references = containersOf(deployment).flatMap(({ env }) => env?.map(({ valueFrom }) => valueFrom) ?? []);
  return references.flatMap((each) =>
    each?.secretKeyRef ? [`${each.secretKeyRef.name}/${each.secretKeyRef.key}`] : [],
  );
}

const subject = serviceAccount({ namespace: 'restricted', name: 'envoy-control-plane' });

function accessTo(name: string, verb: string): Access {
  return { namespace: 'restricted', verb, group: '', resource: 'secrets', name };
}

describe('the control plane', () => {
  it('is taken by a namespace that takes only the restricted', async () => {
    const manifests = await controlPlaneManifests();
    // Twice, as an update does it.
    for (const manifest of [...manifests, ...manifests]) await kubectl.apply(within('restricted', manifest));
    const pod = within('restricted', podOf(onlyOf(manifests, 'Deployment')));
    await kubectl.apply(pod);
    expect(await kubectl.get(pod)).toBeDefined();
  });

  it('needs the keys of the Secret that the walk-through creates', async () => {
    const deployment = onlyOf(await controlPlaneManifests(), 'Deployment');
    expect(secretKeysOf(deployment)).toEqual([
      'tailscale-envoy/TS_ENVOY_API_TOKEN',
      'tailscale-envoy/TS_ENVOY_AUTHKEY',
    ]);
    expect(deployment).toMatchObject({
      metadata: { name: 'envoy-control-plane', labels: { app: 'envoy-control-plane' } },
    });
  });

  it('keeps its identity in the one Secret that it may touch', async () => {
    const own = 'envoy-control-plane-tailscale';
    const may = (access: Access) => mayAccess(apiServer.client, subject, access);
    await untilAccess(
      apiServer.client,
      subject,
      ['get', 'update', 'patch'].map((verb) => accessTo(own, verb)),
    );
    for (const verb of ['create', 'list', 'delete']) expect(await may(accessTo(own, verb))).toBe(false);
    expect(await may(accessTo('tailscale-envoy', 'get'))).toBe(false);

    const state = { apiVersion: 'v1', kind: 'Secret', metadata: { name: own, namespace: 'restricted' } };
    await kubectl.patch(state, { data: { device_id: 'bmlk' } });
    for (const manifest of await controlPlaneManifests()) await kubectl.apply(within('restricted', manifest));
    expect(await kubectl.get(state)).toMatchObject({ data: { device_id: 'bmlk' } });
  });
});

it('runs the images of this version', async () => {
  const deployments = [await controlPlaneManifests(), await serverManifests([host])].map((each) =>
    onlyOf(each, 'Deployment'),
  );
  const images = deployments.map((each) => containersOf(each)[0]?.image);
  expect(images).toEqual([`tailway:${version}`, `tailway-server:${version}`]);
});

describe('the servers', () => {
  it.each(valueSets)('are linted and taken: $name', async ({ values }) => {
    expect(await serverChart('lint', values)).toContain('0 chart(s) failed');
    const manifests = await serverManifests(values);
    for (const manifest of manifests) await kubectl.apply(within('privileged', manifest));
    const deployment = onlyOf(manifests, 'Deployment');
    await kubectl.apply(within('privileged', podOf(deployment)));
    await kubectl.delete(within('privileged', podOf(deployment)));
    // A device of the node, or all of them: a restricted namespace has neither.
    await expect(kubectl.apply(within('restricted', podOf(deployment)))).rejects.toThrow(/PodSecurity "restricted/i);
  });

  it('are rendered by every call of helm that the walk-through has', async () => {
    const document = await readFile(new URL('../../docs/kubernetes-demo.md', import.meta.url), 'utf8');
    const calls = [...document.matchAll(/^helm install ts-envoy-server \.\/deploy\/server (.*)$/gm)];
    const tags = calls.map(async ([, flags = '']) => {
      const text = flags.replaceAll('<your-controlplane-ip>', '100.120.143.2').replaceAll('"', '');
      const values = text
        .split('--set ')
        .slice(1)
        .map((value) => value.trim());
      const sidecar = containersOf(onlyOf(await serverManifests(values), 'Deployment')).at(-1);
      return sidecar?.env?.find(({ name }) => name === 'TS_EXTRA_ARGS')?.value;
    });
    expect(await Promise.all(tags)).toEqual(['--advertise-tags=tag:weight-1', '--advertise-tags=tag:weight-2']);
  });

  it('have the names that the walk-through shows', async () => {
    const deployment = onlyOf(await serverManifests([host]), 'Deployment');
    expect(deployment).toMatchObject({
      metadata: { name: 'tailscale-servers' },
      spec: { replicas: 2, template: { metadata: { labels: { app: 'tailscale-server' } } } },
    });
    expect(containersOf(deployment).map(({ name }) => name)).toEqual(['example-server', 'envoy', 'tailscale-sidecar']);
    expect(secretKeysOf(deployment)).toEqual(['tailscale-envoy/TS_ENVOY_AUTHKEY']);
  });

  it.each([
    { name: 'no control plane', values: [], error: /controlPlaneHost must be set/ },
    { name: 'a URL', values: ['controlPlaneHost=http://100.64.0.1'], error: /controlPlaneHost/ },
    { name: 'a bare tag', values: [host, 'advertiseTags=tag:weight-2'], error: /advertiseTags/ },
    { name: 'an unknown value', values: [host, 'locality=east'], error: /locality/ },
  ])('are refused: $name', async ({ values, error }) => {
    await expect(serverManifests(values)).rejects.toThrow(error);
  });
});
