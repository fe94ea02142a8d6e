import { join } from 'node:path';
import { create, type DescMethodUnary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { arbitraryRequest as arbitraryClusters } from '../../functions/clusters/arbitrary-request.ts';
import { computeBackendCluster } from '../../functions/clusters/backend-cluster.ts';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { arbitraryRequest as arbitraryDataPlane } from '../../functions/dataplane/arbitrary-request.ts';
import { computeDataPlane } from '../../functions/dataplane/dataplane.ts';
import { arbitraryRequest as arbitraryEndpoints } from '../../functions/endpoints/arbitrary-request.ts';
import { arbitrarySimulation } from '../../functions/endpoints/arbitrary-simulation.ts';
import { computeEndpoints } from '../../functions/endpoints/endpoints.ts';
import { simulateEndpoints } from '../../functions/endpoints/simulation.ts';
import { readGoldenCases } from '../../functions/golden/node.ts';
import { arbitraryRequest as arbitraryRoutes } from '../../functions/routes/arbitrary-request.ts';
import { explainRoutes } from '../../functions/routes/explanation.ts';
import { computeRouteOverlay } from '../../functions/routes/route-overlay.ts';
import { computeRoutes } from '../../functions/routes/routes.ts';
import {
  ClusterService,
  ComputeBackendClusterRequestSchema,
  ComputeClustersRequestSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { ComputeDataPlaneRequestSchema, DataPlaneService } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import {
  ComputeEndpointsRequestSchema,
  EndpointService,
  SimulateEndpointsRequestSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { TargetKind } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  ComputeRouteOverlayRequestSchema,
  ComputeRoutesRequestSchema,
  ExplainRoutesRequestSchema,
  RouteService,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';

/** One method of a function, and everything that it is asked. */
export interface MethodCorpus {
  readonly name: string;
  readonly method: DescMethodUnary;
  /** The pure function. */
  readonly compute: (request: MessageShape<DescMessage>) => MessageShape<DescMessage>;
  readonly requests: readonly MessageShape<DescMessage>[];
}

/** Generated requests of each method. */
const numRuns = 400;

const seed = 20_261_122;

/** All methods of all functions with their recorded cases and generated requests: the same ones in every run. */
export const corpus: readonly MethodCorpus[] = [
  gather({
    method: EndpointService.method.computeEndpoints,
    compute: computeEndpoints,
    recorded: recorded('endpoints/testdata/compute-endpoints', ComputeEndpointsRequestSchema),
    generated: arbitraryEndpoints,
  }),
  gather({
    method: EndpointService.method.simulateEndpoints,
    compute: simulateEndpoints,
    recorded: recorded('endpoints/testdata/simulate-endpoints', SimulateEndpointsRequestSchema),
    generated: arbitrarySimulation,
  }),
  gather({
    method: DataPlaneService.method.computeDataPlane,
    compute: computeDataPlane,
    recorded: recorded('dataplane/testdata', ComputeDataPlaneRequestSchema),
    generated: arbitraryDataPlane,
  }),
  gather({
    method: RouteService.method.computeRoutes,
    compute: computeRoutes,
    recorded: recorded('routes/testdata/compute-routes', ComputeRoutesRequestSchema),
    generated: arbitraryRoutes,
  }),
  gather({
    method: RouteService.method.explainRoutes,
    compute: explainRoutes,
    recorded: recorded('routes/testdata/explain-routes', ExplainRoutesRequestSchema),
    generated: arbitraryRoutes.map((inputs) => create(ExplainRoutesRequestSchema, { inputs })),
  }),
  gather({
    method: RouteService.method.computeRouteOverlay,
    compute: computeRouteOverlay,
    recorded: recorded('routes/testdata/compute-route-overlay', ComputeRouteOverlayRequestSchema),
    generated: arbitraryRoutes.map(({ policies }) =>
      create(ComputeRouteOverlayRequestSchema, {
        route: { kind: TargetKind.HTTP_ROUTE, namespace: 'default', name: 'gateway' },
        policies,
      }),
    ),
  }),
  gather({
    method: ClusterService.method.computeClusters,
    compute: computeClusters,
    recorded: recorded('clusters/testdata/compute-clusters', ComputeClustersRequestSchema),
    generated: arbitraryClusters,
  }),
  gather({
    method: ClusterService.method.computeBackendCluster,
    compute: computeBackendCluster,
    recorded: recorded('clusters/testdata/compute-backend-cluster', ComputeBackendClusterRequestSchema),
    generated: arbitraryClusters.map(({ endpoints, policies }) =>
      create(ComputeBackendClusterRequestSchema, { clusterName: 'backend', endpoints, policies }),
    ),
  }),
];

function gather<I extends DescMessage, O extends DescMessage>({
  method,
  compute,
  recorded,
  generated,
}: {
  readonly method: DescMethodUnary<I, O>;
  readonly compute: (request: MessageShape<I>) => MessageShape<O>;
  readonly recorded: readonly MessageShape<I>[];
  readonly generated: fc.Arbitrary<MessageShape<I>>;
}): MethodCorpus {
  return {
    name: `${method.parent.typeName}/${method.name}`,
    method,
    // What stands in `requests` is of the method's own type.
    compute: (request) => compute(request as MessageShape<I>),
    requests: [...recorded, ...fc.sample(generated, { seed, numRuns })],
  };
}

function recorded<I extends DescMessage>(folder: string, schema: I): MessageShape<I>[] {
  const cases = readGoldenCases(join(import.meta.dirname, '../../functions', folder), schema);
  return cases.map(({ request }) => request);
}
