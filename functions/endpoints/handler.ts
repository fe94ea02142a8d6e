import { type ConnectRouter } from '@connectrpc/connect';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  EndpointService,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { findRepeated } from '../repeated-violation.ts';
import { type FieldViolation } from '../serving/field-violation.ts';
import { createRequestValidator } from '../serving/request-validator.ts';
import { computeEndpoints } from './endpoints.ts';

/**
 * Serves {@link computeEndpoints}. A request that breaks a rule of its proto, or that names two
 * groups or two devices alike, is an InvalidArgument with the fields in question as its detail.
 */
export function registerEndpoints(router: ConnectRouter): void {
  const validate = createRequestValidator(ComputeEndpointsRequestSchema, findDuplicates);
  router.service(EndpointService, {
    computeEndpoints(request) {
      validate(request);
      return computeEndpoints(request);
    },
  });
}

function findDuplicates(request: ComputeEndpointsRequest): FieldViolation[] {
  return [
    ...findRepeated(
      'groups',
      'name',
      request.groups.map(({ name }) => name),
    ),
    ...findRepeated(
      'devices',
      'id',
      request.devices.map(({ id }) => id),
    ),
  ];
}
