import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { EchoServer } from '../envoy/echo-server.ts';
import type { EnvoyGateway } from './envoy-gateway.ts';
import { seenAt, untilSeen } from './gateway-client.ts';
import { catchAllTo, endpointsOf, gatewayOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';
import { answersAt, isNear, writeDevices } from './weighted-traffic.ts';

describe('groups whose devices stand in the clusters of a real Envoy Gateway', () => {
  let cluster: TestCluster;
  let envoyGateway: EnvoyGateway;
  let own: EchoServer;
  let a: EchoServer;
  let b: EchoServer;
  const args = () => [`--devices=${cluster.devicesFile}`, '--hold-empty=0', '--group-endpoints=inline'];
  const selecting = endpointsOf('devices', [
    { name: 'devices', port: 80, protocol: 'HTTP', selector: { tags: ['tag:web'] } },
  ]);

  beforeAll(async () => {
    cluster = await startTestCluster();
    [own, a, b] = [await cluster.upstream('own'), await cluster.upstream('a'), await cluster.upstream('b')];
    await writeDevices(cluster.devicesFile, [
      { server: a, tag: 'tag:web', weight: 3 },
      { server: b, tag: 'tag:web', weight: 1 },
    ]);
    await cluster.shim(args());
    envoyGateway = await cluster.envoyGateway();
    await cluster.kubectl.apply(gatewayOf(cluster.gatewayPort), ...catchAllTo(own.port), selecting, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'to-devices', namespace: 'default' },
      spec: {
        parentRefs: [{ name: 'gateway' }],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/backend' } }],
            backendRefs: [{ group: 'gateway.tailscale.com', kind: 'TailscaleEndpoints', name: 'devices' }],
          },
        ],
      },
    });
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  it('need no xDS server, and follow their devices by Envoy Gateway', async () => {
    const { gatewayPort: port, devicesFile } = cluster;
    await untilSeen(port, '/api/devices/x', { path: '/x', status: 200 });
    await untilSeen(port, '/backend/x', { path: '/backend/x', status: 200 });
    const sharesAre = (expected: Readonly<Record<string, number>>) => async () =>
      isNear(await answersAt(port, '/api/devices'), expected) && isNear(await answersAt(port, '/backend'), expected);
    await waitFor('the first weights', sharesAre({ a: 75, b: 25 }));
    const [dump] = await envoyGateway.admin('/config_dump');
    expect(dump).toContain('external-backend-devices');
    expect(dump).not.toContain('tailway_xds');

    await writeDevices(devicesFile, [
      { server: a, tag: 'tag:web', weight: 1 },
      { server: b, tag: 'tag:web', weight: 4 },
    ]);
    await waitFor('the second weights', sharesAre({ a: 20, b: 80 }));
    await writeDevices(devicesFile, [{ server: b, tag: 'tag:web', weight: 1 }]);
    await waitFor('the device to go', sharesAre({ b: 100 }));
    expect(await seenAt(port, '/other')).toMatchObject({ name: 'own' });
  });
});
