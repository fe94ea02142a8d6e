import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../deploy/demo/free-port.ts';
import { waitFor } from '../../deploy/demo/wait-for.ts';
import type { EchoServer } from '../envoy/echo-server.ts';
import { seenAt, untilSeen } from './gateway-client.ts';
import type { EnvoyGateway } from './envoy-gateway.ts';
import { catchAllTo, endpointTo, endpointsOf, gatewayOf, namespaceOf } from './manifests.ts';
import { type TestCluster, startTestCluster } from './test-cluster.ts';

describe('the routes of a real Envoy Gateway', () => {
  let cluster: TestCluster;
  let envoyGateway: EnvoyGateway;
  let own: EchoServer;
  let web: EchoServer;

  beforeAll(async () => {
    cluster = await startTestCluster();
    [own, web] = [await cluster.upstream('own'), await cluster.upstream('web')];
    await cluster.shim();
    envoyGateway = await cluster.envoyGateway();
    await cluster.kubectl.apply(gatewayOf(cluster.gatewayPort), ...catchAllTo(own.port));
    await untilSeen(cluster.gatewayPort, '/', { name: 'own' });
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  it('follow an endpoint as it comes, changes and goes', async () => {
    const { kubectl, gatewayPort: port } = cluster;
    const path = '/api/web-service/status';
    expect(await seenAt(port, path)).toMatchObject({ name: 'own', path });

    await kubectl.apply(endpointsOf('example', [endpointTo('web-service', web)]));
    const created = await untilSeen(port, path, { name: 'web', path: '/status' });
    await untilSeen(port, '/api/web-service?a=1', { name: 'web', path: '/?a=1' });
    expect(await seenAt(port, '/api/web-servicex')).toMatchObject({ name: 'own' });

    const other = await cluster.upstream('other');
    await kubectl.apply(endpointsOf('example', [endpointTo('web-service', other)]));
    const changed = await untilSeen(port, path, { name: 'other' });

    await kubectl.delete(endpointsOf('example', []));
    const deleted = await untilSeen(port, path, { name: 'own' });
    const ms = [created, changed, deleted].map((each) => `${Math.round(each)} ms`);
    process.stdout.write(`from the API server to Envoy: created ${ms[0]}, changed ${ms[1]}, deleted ${ms[2]}\n`);
  });

  it('belong to the older of two resources, and to the other when that one goes', async () => {
    const { kubectl, gatewayPort: port } = cluster;
    const [older, younger] = [await cluster.upstream('older'), await cluster.upstream('younger')];
    await kubectl.apply(namespaceOf('team-a'), namespaceOf('team-b'));
    await kubectl.apply(endpointsOf('of-b', [endpointTo('shared', older)], 'team-b'));
    await untilSeen(port, '/api/shared', { name: 'older' });
    // Ages are told in seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await kubectl.apply(
      endpointsOf('of-a', [endpointTo('shared', younger), endpointTo('unshared', younger)], 'team-a'),
    );
    await untilSeen(port, '/api/unshared', { name: 'younger' });
    expect(await seenAt(port, '/api/shared')).toMatchObject({ name: 'older' });

    await kubectl.delete(endpointsOf('of-b', [], 'team-b'));
    await untilSeen(port, '/api/shared', { name: 'younger' });
    await kubectl.delete(endpointsOf('of-a', [], 'team-a'));
    await untilSeen(port, '/api/unshared', { name: 'own' });
  });

  it('stand where a policy puts them', async () => {
    const { kubectl, gatewayPort: port } = cluster;
    await kubectl.apply(endpointsOf('placed', [endpointTo('placed', web)]));
    await untilSeen(port, '/api/placed/x', { name: 'web', path: '/x' });
    const policy = {
      apiVersion: 'gateway.tailscale.com/v1alpha1',
      kind: 'TailscaleRoutePolicy',
      metadata: { name: 'placed', namespace: 'default' },
      spec: {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gateway' }],
        pathPrefix: '/services/',
      },
    };
    await kubectl.apply(policy);
    await untilSeen(port, '/services/placed/x', { name: 'web', path: '/x' });
    await untilSeen(port, '/api/placed/x', { name: 'own' });
    expect(await seenAt(port, '/services/placed/x')).toMatchObject({ name: 'web', path: '/x' });

    await kubectl.patch(policy, { spec: { targetRefs: [{ kind: 'Gateway', name: 'another' }] } });
    await untilSeen(port, '/services/placed/x', { name: 'own' });

    await kubectl.delete(policy);
    await untilSeen(port, '/api/placed/x', { name: 'web', path: '/x' });
    await kubectl.delete(endpointsOf('placed', []));
    await untilSeen(port, '/api/placed/x', { name: 'own' });
  });

  it('of others suffer nothing from a resource that is refused', async () => {
    const { kubectl, gatewayPort: port } = cluster;
    await kubectl.apply(
      endpointsOf('broken', [
        { name: 'broken', port: 80, protocol: 'HTTP', externalTarget: '169.254.169.254:80' },
        endpointTo('beside-broken', web),
      ]),
      endpointsOf('well', [endpointTo('well', web)]),
    );
    await untilSeen(port, '/api/well', { name: 'web' });
    await untilSeen(port, '/api/beside-broken', { name: 'web' });
    expect(await seenAt(port, '/api/broken')).toMatchObject({ name: 'own' });
    await kubectl.delete(endpointsOf('broken', []));
    await kubectl.delete(endpointsOf('well', []));
  });

  it('are served by a Gateway without routes of its own, and by one that comes later', async () => {
    const { kubectl } = cluster;
    const [later = 0] = await freePorts(1);
    await kubectl.apply(endpointsOf('everywhere', [endpointTo('everywhere', web)]), gatewayOf(later, 'later'));
    await untilSeen(later, '/api/everywhere/x', { name: 'web', path: '/x' });
    expect(await seenAt(later, '/other')).toEqual({ status: 404 });
    await kubectl.delete(gatewayOf(later, 'later'));
    await kubectl.delete(endpointsOf('everywhere', []));
  });

  // The last: while DNS does not tell what `example.com` is, Envoy takes no other clusters, for minutes where no server answers.
  it('are those of the documents of before', async () => {
    await cluster.kubectl.applyYaml(`
apiVersion: gateway.tailscale.com/v1alpha1
kind: TailscaleEndpoints
metadata:
  name: example-endpoints
spec:
  endpoints:
  - name: web-service
    port: 80
    protocol: HTTP
    externalTarget: "example.com:80"  # External service to route to
  - name: api-service
    port: 443
    protocol: HTTPS
    externalTarget: "api.example.com:443"
`);
    const dump = await waitFor('the routes and clusters', async () => {
      const [text = ''] = await envoyGateway.admin('/config_dump');
      const names = ['tailscale-egress-web-service', 'external-backend-web-service', 'external-backend-api-service'];
      return names.every((name) => text.includes(`"name": "${name}"`)) ? text : undefined;
    });
    expect(dump).toContain('"sni": "api.example.com"');
    await cluster.kubectl.delete(endpointsOf('example-endpoints', []));
  });
});
