import { create } from '@bufbuild/protobuf';
import type { ClusterLoadAssignment } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import {
  type ClusterSettings,
  type ComputeClustersRequest,
  ComputeClustersRequestSchema,
  type ComputeClustersResponse,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { callBatches } from '../functions/call-batches.ts';

/** The function that builds clusters, wherever it runs. */
export interface ClusterFunctions {
  computeClusters(request: ComputeClustersRequest): Promise<ComputeClustersResponse>;
}

/** All endpoints of one service name: its cluster's names depend on each other, and on no other service. */
export interface ServiceInput {
  readonly service: string;
  readonly endpoints: readonly ServiceEndpoint[];
}

/** What the clusters of some services are computed from. */
export interface BatchInput {
  readonly services: readonly ServiceInput[];
  readonly policies: readonly RoutePolicy[];
  readonly settings: ClusterSettings;
  /** The hosts of those endpoints' groups that stand in clusters themselves. */
  assignments(endpoints: readonly ServiceEndpoint[]): ClusterLoadAssignment[];
}

/** What was computed, and which services have no answer. */
export interface BatchResult {
  readonly answered: readonly {
    readonly services: readonly ServiceInput[];
    readonly answer: ComputeClustersResponse;
  }[];
  readonly failed: readonly { readonly service: string; readonly err: unknown }[];
  /** Whether the function could be reached each time. */
  readonly reached: boolean;
}

/** Endpoints of one call: within the 10 ms of CPU that a Worker of the smallest plan has; streams and hooks are served in between. */
const maxEndpoints = 200;

/** Computes the clusters of services, several in one call; one service harms no other. */
export async function computeBatches(functions: ClusterFunctions, input: BatchInput): Promise<BatchResult> {
  const policiesOf = Map.groupBy(input.policies, ({ namespace }) => namespace);
  const { answered, failed, outage } = await callBatches({
    batches: toBatches(input.services),
    call: (batch) => functions.computeClusters(toRequest(batch, policiesOf, input)),
    parallel: 1,
  });
  return {
    answered: answered.map(({ batch, answer }) => ({ services: batch, answer })),
    failed: failed.map(({ input: { service }, err }) => ({ service, err })),
    reached: outage === undefined,
  };
}

function toBatches(services: readonly ServiceInput[]): ServiceInput[][] {
  const batches: ServiceInput[][] = [];
  let size = maxEndpoints;
  for (const service of services) {
    size += service.endpoints.length;
    if (size > maxEndpoints) {
      batches.push([]);
      size = service.endpoints.length;
    }
    batches.at(-1)?.push(service);
  }
  return batches;
}

function toRequest(
  batch: readonly ServiceInput[],
  policiesOf: ReadonlyMap<string, readonly RoutePolicy[]>,
  { settings, assignments }: Pick<BatchInput, 'settings' | 'assignments'>,
): ComputeClustersRequest {
  const endpoints = batch.flatMap((service) => service.endpoints);
  const namespaces = [...new Set(endpoints.map(({ ref }) => ref?.namespace ?? ''))].toSorted();
  const policies = namespaces.flatMap((namespace) => policiesOf.get(namespace) ?? []);
  const groupAssignments = assignments(endpoints);
  return create(ComputeClustersRequestSchema, { endpoints, policies, settings, groupAssignments });
}
