import { type ConnectRouter, type ServiceImpl } from '@connectrpc/connect';
import { ComputeDataPlaneRequestSchema, DataPlaneService } from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { createRequestValidator } from '../serving/request-validator.ts';
import { anyTypes } from './any-types.ts';
import { findDataPlaneViolations } from './data-plane-violation.ts';
import { computeDataPlane } from './dataplane.ts';

/**
 * Serves {@link computeDataPlane}. Settings that Envoy would refuse, or that would have no effect,
 * are an InvalidArgument with the fields in question as its detail.
 */
export function registerDataPlane(router: ConnectRouter): void {
  const validate = createRequestValidator(ComputeDataPlaneRequestSchema, findDataPlaneViolations);
  const implementation: ServiceImpl<typeof DataPlaneService> = {
    computeDataPlane(request) {
      validate(request);
      return computeDataPlane(request);
    },
  };
  router.service(DataPlaneService, implementation, { jsonOptions: { registry: anyTypes } });
}
