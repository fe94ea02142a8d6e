import { type ConnectRouter } from '@connectrpc/connect';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  EndpointService,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
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

/** A violation for each value that is there already. */
function findRepeated(list: string, field: string, values: readonly string[]): FieldViolation[] {
  const firsts = new Map<string, number>();
  const violations: FieldViolation[] = [];
  for (const [index, value] of values.entries()) {
    const first = firsts.get(value);
    if (first === undefined) {
      firsts.set(value, index);
      continue;
    }
    const message = `must be unique, but ${list}[${first}] and ${list}[${index}] have the same`;
    violations.push({ path: `${list}[${index}].${field}`, rule: `${list}.unique`, message });
  }
  return violations;
}
