import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { computeRoutes } from '../../functions/routes/routes.ts';
import { arbitraryEndpoints, arbitraryPolicies } from '../../functions/service-endpoint/arbitrary-resources.ts';
import { ComputeClustersRequestSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { ComputeRoutesRequestSchema, VirtualHostSchema } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';

const allowTargets = fc.subarray(['127.0.0.0/8']);

test('for any resources every route leads to the cluster of its own endpoint', () => {
  fc.assert(
    fc.property(arbitraryEndpoints, arbitraryPolicies, allowTargets, (endpoints, policies, allowTargets) => {
      const virtualHost = create(VirtualHostSchema, { name: 'v', gatewayNamespace: 'default', gateway: 'gateway' });
      const virtualHosts = [virtualHost];
      const resources = { endpoints, policies };
      const routes = computeRoutes(create(ComputeRoutesRequestSchema, { ...resources, virtualHosts, allowTargets }));
      const clusters = computeClusters(
        create(ComputeClustersRequestSchema, { ...resources, settings: { allowTargets } }),
      );
      const owners = new Map<unknown, unknown>(
        clusters.clusters.map(({ cluster, endpoint }) => [cluster?.name, endpoint]),
      );
      for (const { route, endpoint } of routes.virtualHosts[0]?.injected ?? []) {
        const leadsTo = route?.action.case === 'route' ? route.action.value.clusterSpecifier.value : undefined;
        expect(owners.get(leadsTo)).toEqual(endpoint);
      }
    }),
    { numRuns: 300 },
  );
});
