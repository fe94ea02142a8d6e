import { readFile } from 'node:fs/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { VirtualHostSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from '../../proto/gen/envoy/config/route/v3/route_pb.ts';
import {
  PostTranslateModifyRequestSchema,
  PostTranslateModifyResponseSchema,
  PostVirtualHostModifyRequestSchema,
} from '../../proto/gen/envoygateway/extension/service_pb.ts';
import { createRawClient, frame } from '../../shim/extension/raw-call.ts';
import { endpointsOf, gatewayOf } from '../cluster/manifests.ts';
import { connectXds } from '../conformance/xds-client.ts';
import { types } from '../conformance/resources.ts';
import { tailscaleDevice } from '../fake-tailscale/tailnet.ts';
import { type InstallCluster, startInstallCluster } from './install-cluster.ts';
import type { PodProcess } from './pod-process.ts';
import { namespace } from './value-sets.ts';

/** The types, in the order in which an Envoy asks for them. */
const wanted = [types.cluster, types.endpoint, types.listener, types.route] as const;

describe('two replicas', () => {
  let cluster: InstallCluster;
  let replicas: readonly [PodProcess, PodProcess];

  beforeAll(async () => {
    cluster = await startInstallCluster();
    const { kubectl, tailnet } = cluster;
    const manifests = await cluster.rendered({
      credentials: { existingSecret: 'tailway' },
      settings: { 'api-url': tailnet.url, 'poll-interval': '1s', 'allow-targets': '127.0.0.0/8' },
      state: { enabled: true },
    });
    await kubectl.apply(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'tailway', namespace },
        stringData: { TS_ENVOY_API_TOKEN: tailnet.apiKey },
      },
      ...manifests,
      gatewayOf(80, 'gateway', 'team-a'),
      endpointsOf(
        'services',
        [
          { name: 'web', port: 80, protocol: 'HTTP', externalTarget: 'example.com:80' },
          { name: 'devices', port: 8080, protocol: 'HTTP', selector: { tags: ['tag:web'] } },
        ],
        'team-a',
      ),
    );
    replicas = await Promise.all([cluster.pod(manifests), cluster.pod(manifests)]);
    for (const each of replicas) await ready(each);
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  it('run with a root that cannot be written, without a capability, and miss neither', async () => {
    for (const { process } of replicas) {
      const status = await readFile(`/proc/${process.pid}/status`, 'utf8');
      expect(status).toMatch(/^CapEff:\t0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(await readFile(`/proc/${process.pid}/mounts`, 'utf8')).toMatch(/^\S+ \/ \S+ ro,/m);
    }
    expect(replicas.flatMap((each) => each.logged('"level":"error"'))).toEqual([]);
  });

  it('answer hooks with the same bytes', async () => {
    const [a, b] = await Promise.all(replicas.map(hookAnswers));
    expect(a?.virtualHost.toString('latin1')).toContain('tailscale-egress-web');
    expect(clusterNames(a?.translation)).toEqual(
      expect.arrayContaining(['external-backend-devices', 'external-backend-web']),
    );
    expect(b).toEqual(a);
  });

  it('serve the same versions of the same content', async () => {
    const [a, b] = await Promise.all(replicas.map(everything));
    expect([...(a?.keys() ?? [])]).toEqual(expect.arrayContaining(['envoy-cluster', 'main-listener', 'local-route']));
    expect(b).toEqual(a);
  });

  it('send nothing again to a client that moves from one to the other, and then what is new', async () => {
    const known = await everything(replicas[0]);
    expect(await replicas[0].process.stop()).toBe(0);

    const client = connectXds(`127.0.0.1:${replicas[1].xdsPort}`);
    const stream = client.delta({ nodeId: 'envoy' });
    for (const typeUrl of wanted) {
      const names = [...known.values()].filter((each) => each.typeUrl === typeUrl).map(({ name }) => name);
      const versions = Object.fromEntries(names.map((name) => [name, known.get(name)?.version ?? '']));
      stream.subscribe(typeUrl, isWildcard(typeUrl) ? [] : names, { versions });
    }
    const responses = await stream.grpc.drain();
    expect(responses.flatMap(({ resources }) => resources)).toEqual([]);
    expect(responses.flatMap(({ removedResources }) => removedResources)).toEqual([]);

    cluster.tailnet.setDevices([tailscaleDevice(3, { tags: ['tag:web', 'tag:weight-1'] })]);
    // The groups of the gateways may come in a response of their own.
    const changed = new Set<string>();
    while (!changed.has('eds_backend')) {
      const response = await stream.next(types.endpoint);
      for (const { name } of response.resources) changed.add(name);
      stream.grpc.send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
    }
    expect([...changed]).toContain('eds_backend');
    client.close();
  });
});

function ready(pod: PodProcess): Promise<true> {
  return waitFor('the replica to be ready', async () => (await pod.isReady()) || undefined);
}

const isWildcard = (typeUrl: string) => typeUrl === types.cluster || typeUrl === types.listener;

interface Served {
  readonly name: string;
  readonly typeUrl: string;
  readonly version: string;
  readonly bytes: Uint8Array | undefined;
}

/** All that a replica serves, by name. */
async function everything(pod: PodProcess): Promise<ReadonlyMap<string, Served>> {
  const groups = edsNames((await hookAnswers(pod)).translation);
  const client = connectXds(`127.0.0.1:${pod.xdsPort}`);
  const stream = client.delta({ nodeId: 'envoy' });
  const names: Readonly<Record<string, readonly string[]>> = {
    [types.endpoint]: ['eds_backend', ...groups],
    [types.route]: ['local-route'],
  };
  const served = new Map<string, Served>();
  for (const typeUrl of wanted) {
    stream.subscribe(typeUrl, names[typeUrl] ?? []);
    for (const { name, version, resource } of (await stream.next(typeUrl)).resources) {
      served.set(name, { name, typeUrl, version, bytes: resource?.value });
    }
  }
  client.close();
  return served;
}

const virtualHost = create(VirtualHostSchema, {
  name: 'team-a/gateway/http/www_example_com',
  domains: ['www.example.com'],
  routes: [{ name: 'own', match: { pathSpecifier: { case: 'prefix', value: '/' } } }],
});

const routeConfiguration = create(RouteConfigurationSchema, {
  name: 'team-a/gateway/http',
  virtualHosts: [virtualHost],
});

interface HookAnswers {
  readonly virtualHost: Buffer;
  readonly translation: Buffer;
}

/** What Envoy Gateway would be answered. */
async function hookAnswers(pod: PodProcess): Promise<HookAnswers> {
  const client = createRawClient(pod.grpcPort);
  const one = create(PostVirtualHostModifyRequestSchema, {
    virtualHost: toBinary(VirtualHostSchema, virtualHost),
  });
  const all = create(PostTranslateModifyRequestSchema, {
    routes: [toBinary(RouteConfigurationSchema, routeConfiguration)],
  });
  const call = async (method: string, message: Uint8Array) => {
    const { status, body } = await client.call(method, frame(message));
    expect(status).toBe(0);
    return body;
  };
  const answers = {
    virtualHost: await call('PostVirtualHostModify', toBinary(PostVirtualHostModifyRequestSchema, one)),
    translation: await call('PostTranslateModify', toBinary(PostTranslateModifyRequestSchema, all)),
  };
  client.close();
  return answers;
}

function clustersOf(translation: Buffer | undefined) {
  return fromBinary(PostTranslateModifyResponseSchema, translation ?? Buffer.alloc(0)).clusters.map((bytes) =>
    fromBinary(ClusterSchema, bytes),
  );
}

function clusterNames(translation: Buffer | undefined): readonly string[] {
  return clustersOf(translation).map(({ name }) => name);
}

function edsNames(translation: Buffer): readonly string[] {
  return clustersOf(translation).flatMap(({ edsClusterConfig }) => edsClusterConfig?.serviceName ?? []);
}
