import { create, toBinary } from '@bufbuild/protobuf';

import { computeBackendCluster } from '../../functions/clusters/backend-cluster.ts';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { computeRouteOverlay } from '../../functions/routes/route-overlay.ts';
import { prepareRoutes } from '../../functions/routes/routes.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  ClusterSettingsSchema,
  type ComputedCluster,
  ComputeClustersRequestSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import {
  EndpointProtocol,
  type ServiceEndpoint,
  ServiceEndpointSchema,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { createExtensionServer } from '../../shim/extension/extension-server.ts';
import type { EncodedCluster } from '../../shim/gateway/encoded-cluster.ts';

// Tailway's extension server as a process of its own, with as many services as the argument says, the same as those of
// hooks-go/hooksserver. It prints its address, as one line of JSON, once it serves.
const endpoints = Array.from({ length: Number(process.argv[2] ?? 10) }, (_, index) => buildEndpoint(index));
const clusterSettings = create(ClusterSettingsSchema);
const { clusters } = computeClusters(create(ComputeClustersRequestSchema, { endpoints, settings: clusterSettings }));
const server = createExtensionServer({
  state: {
    synced: true,
    revision: 'constant',
    endpoints,
    policies: [],
    clusters: clusters.flatMap(encodeCluster),
    groupAssignments: () => [],
    observe: () => () => {},
  },
  functions: { prepareRoutes, computeRouteOverlay, computeBackendCluster },
  parsers: { parseEndpoints: () => [], parsePolicy: () => undefined },
  log: { debug() {}, info() {}, warn: write, error: write },
  clusterSettings,
  deadlineMs: 1000,
  syncWaitMs: 1000,
  onUnsynced: 'fail',
});
const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ target: `127.0.0.1:${port}` })}\n`);

// An ordinary exit, so that a profile is written.
process.once('SIGTERM', () => process.exit());

function buildEndpoint(index: number): ServiceEndpoint {
  return create(ServiceEndpointSchema, {
    ref: { namespace: 'default', resource: 'services', endpoint: `service-${index}` },
    port: 8080,
    protocol: EndpointProtocol.HTTP,
    upstream: { case: 'externalTarget', value: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}:8080` },
  });
}

function encodeCluster({ cluster, endpoint }: ComputedCluster): EncodedCluster[] {
  if (cluster === undefined || endpoint === undefined) return [];
  return [{ name: cluster.name, body: toBinary(ClusterSchema, cluster), endpoint }];
}

function write(fields: object, message: string): void {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
}
