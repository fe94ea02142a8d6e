import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { ClusterService, RefusalReason } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { EndpointProtocol } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { createFetchHandler } from '../serving/fetch-handler.ts';
import { registerClusters } from './handler.ts';

const client = createClient(ClusterService, createRouterTransport(registerClusters));

const endpoint = {
  ref: { namespace: 'default', resource: 'services', endpoint: 'web' },
  port: 443,
  protocol: EndpointProtocol.HTTPS,
  upstream: { case: 'externalTarget', value: 'example.com:443' },
} as const;

test('clusters are computed, and what has none is no fault of the request', async () => {
  const local = { ...endpoint, ref: { ...endpoint.ref, endpoint: 'local' } };
  const response = await client.computeClusters({
    endpoints: [endpoint, { ...local, upstream: { case: 'externalTarget', value: 'localhost:80' } }],
  });
  expect(response.clusters.map(({ cluster }) => cluster?.name)).toEqual(['external-backend-web']);
  expect(response.refused.map(({ reason }) => reason)).toEqual([RefusalReason.FORBIDDEN_TARGET]);
});

test('backend clusters are computed', async () => {
  const { overlay } = await client.computeBackendCluster({ clusterName: 'backend', endpoints: [endpoint] });
  expect(overlay?.loadAssignment?.clusterName).toBe('backend');
});

test('what stands in an Any is written as JSON too', async () => {
  const handle = createFetchHandler(registerClusters);
  const ref = endpoint.ref;
  const body = JSON.stringify({
    endpoints: [{ ref, port: 443, protocol: 'ENDPOINT_PROTOCOL_HTTPS', externalTarget: 'example.com' }],
  });
  const url = 'http://functions.test/tailway.clusters.v1.ClusterService/ComputeClusters';
  const request = new Request(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(await (await handle(request)).text()).toContain('"sni":"example.com"');
});

test.each([
  {
    name: 'one endpoint twice',
    request: { endpoints: [endpoint, endpoint] },
    message: 'endpoints[1].ref: must be unique, but endpoints[0] and endpoints[1] have the same [endpoints.unique]',
  },
  {
    name: 'an allowed target that allows nothing',
    request: { settings: { allowTargets: ['https://a'] } },
    message: 'settings.allow_targets[0]: must be a CIDR or the end of a name [allow_targets.entry]',
  },
  {
    name: 'a control character in a health check, which Envoy refuses with all else',
    request: { endpoints: [{ ...endpoint, healthCheck: { path: '/\u0000' } }] },
    message: 'endpoints[0].health_check.path: does not match regex pattern `^(/[!-~]*)?$` [string.pattern]',
  },
  {
    name: 'a group twice',
    request: { groupAssignments: [{ clusterName: 'a/b/c' }, { clusterName: 'a/b/c' }] },
    message:
      'group_assignments[1].cluster_name: must be unique, but group_assignments[0] and group_assignments[1] have the same [group_assignments.unique]',
  },
  {
    name: 'a group with a host that is no address',
    request: { groupAssignments: [{ clusterName: 'a/b/c', endpoints: [{ lbEndpoints: [hostOf('example.com')] }] }] },
    message:
      'group_assignments[0].endpoints[0].lb_endpoints[0]: must have a socket address with an IP address and a port [group_assignments.address]',
  },
])('$name is refused', async ({ request, message }) => {
  const error = await client.computeClusters(request).then(
    () => undefined,
    (err: unknown) => ConnectError.from(err),
  );
  expect(error?.code).toBe(Code.InvalidArgument);
  expect(error?.rawMessage).toBe(message);
});

function hostOf(address: string) {
  const socketAddress = { address, portSpecifier: { case: 'portValue', value: 80 } } as const;
  const endpoint = { address: { address: { case: 'socketAddress', value: socketAddress } } } as const;
  return { hostIdentifier: { case: 'endpoint', value: endpoint } } as const;
}
