import { type ConnectRouter, type ServiceImpl } from '@connectrpc/connect';
import {
  ClusterService,
  type ComputeBackendClusterRequest,
  ComputeBackendClusterRequestSchema,
  type ComputeClustersRequest,
  ComputeClustersRequestSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import { findPoliciesViolations } from '../route-policy/policy-violation.ts';
import { findAllowedTargetViolations, findEndpointsViolations } from '../service-endpoint/endpoint-violation.ts';
import { type FieldViolation } from '../serving/field-violation.ts';
import { createRequestValidator } from '../serving/request-validator.ts';
import { anyTypes } from './any-types.ts';
import { computeBackendCluster } from './backend-cluster.ts';
import { computeClusters } from './clusters.ts';
import { findGroupAssignmentViolations } from './group-assignment-violation.ts';

/**
 * Serves {@link computeClusters} and {@link computeBackendCluster}. A request that breaks a rule of its proto, that names
 * two endpoints or policies alike, or whose policies Envoy would refuse, is an InvalidArgument with the fields in
 * question as its detail. An endpoint that has no cluster is no fault of the request: the response says why.
 */
export function registerClusters(router: ConnectRouter): void {
  const validateClusters = createRequestValidator(ComputeClustersRequestSchema, findViolations);
  const validateBackend = createRequestValidator(ComputeBackendClusterRequestSchema, findViolations);
  const implementation: ServiceImpl<typeof ClusterService> = {
    computeClusters(request) {
      validateClusters(request);
      return computeClusters(request);
    },
    computeBackendCluster(request) {
      validateBackend(request);
      return computeBackendCluster(request);
    },
  };
  router.service(ClusterService, implementation, { jsonOptions: { registry: anyTypes } });
}

function findViolations(request: ComputeClustersRequest | ComputeBackendClusterRequest): FieldViolation[] {
  return [
    ...findEndpointsViolations(request.endpoints),
    ...findPoliciesViolations(request.policies),
    ...findGroupAssignmentViolations(request.groupAssignments),
    ...findAllowedTargetViolations(request.settings?.allowTargets ?? [], 'settings.allow_targets'),
  ];
}
