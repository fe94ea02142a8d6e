import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShimProcess } from '../../deploy/demo/shim-process.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { EchoServer } from '../envoy/echo-server.ts';
import { accessesOf, untilAccess } from './access.ts';
import { untilSeen } from './gateway-client.ts';
import { catchAllTo, endpointTo, endpointsOf, gatewayOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';

/** All that the shim may do. */
const rules = [
  {
    apiGroups: ['gateway.tailscale.com'],
    resources: ['tailscaleendpoints', 'tailscaleroutepolicies', 'tailscaletailnets'],
    verbs: ['list', 'watch'],
  },
  {
    apiGroups: ['gateway.tailscale.com'],
    resources: ['tailscaleendpoints/status', 'tailscaletailnets/status'],
    verbs: ['patch'],
  },
  {
    apiGroups: ['gateway.tailscale.com'],
    resources: ['tailscalegatewayrevisions'],
    verbs: ['list', 'watch', 'create', 'patch', 'delete'],
  },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways', 'gatewayclasses'], verbs: ['list', 'watch'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];

describe('a shim with no more rights than it needs', () => {
  let cluster: TestCluster;
  let shim: ShimProcess;
  let web: EchoServer;

  beforeAll(async () => {
    cluster = await startTestCluster();
    web = await cluster.upstream('web');
    await cluster.kubectl.apply(
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'tailway' },
        rules,
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'tailway' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'tailway' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'testers' }],
      },
    );
    const tester = { user: 'tester', groups: ['testers'] };
    await untilAccess(
      cluster.apiServer.client,
      tester,
      rules.flatMap((rule) => accessesOf(rule)),
    );
    shim = await cluster.shim(['--status-interval=100ms'], cluster.apiServer.kubeconfigOf('tester'));
    await cluster.envoyGateway();
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  it('serves, and says of each resource what became of it', async () => {
    const { kubectl, gatewayPort: port } = cluster;
    const refused = { name: 'metadata', port: 80, protocol: 'HTTP', externalTarget: '169.254.169.254:80' };
    await kubectl.apply(
      gatewayOf(port),
      ...catchAllTo(web.port),
      endpointsOf('well', [endpointTo('well', web)]),
      endpointsOf('unwell', [endpointTo('beside', web), refused]),
    );
    await untilSeen(port, '/api/well/x', { name: 'web', path: '/x' });

    const conditionsOf = async (name: string) => {
      const found = await kubectl.get(endpointsOf(name, []));
      const status = found?.['status'] as { conditions?: readonly { type: string; status: string; reason: string }[] };
      return new Map(status?.conditions?.map((each) => [each.type, each]));
    };
    await waitFor('the status of what is well', async () =>
      (await conditionsOf('well')).get('Programmed')?.status === 'True' ? true : undefined,
    );
    await waitFor('the status of what is not', async () =>
      (await conditionsOf('unwell')).size > 0 ? true : undefined,
    );
    const unwell = [...(await conditionsOf('unwell')).values()];
    expect(unwell.map(({ status }) => status)).toContain('False');
    await waitFor('an Event', async () => {
      const found = await kubectl.list({ apiVersion: 'events.k8s.io/v1', kind: 'Event' }, 'default');
      expect(found).toContainEqual(
        expect.objectContaining({ regarding: expect.objectContaining({ kind: 'TailscaleEndpoints', name: 'unwell' }) }),
      );
      return true;
    });

    await kubectl.delete(endpointsOf('well', []));
    await kubectl.delete(endpointsOf('unwell', []));
    await untilSeen(port, '/api/well/x', { path: '/api/well/x' });
    expect(shim.process.lines.filter((line) => line.includes('answered 403'))).toEqual([]);
  });
});
