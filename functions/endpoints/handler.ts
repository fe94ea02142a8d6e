import { type ConnectRouter } from '@connectrpc/connect';
import {
  type ComputeEndpointsRequest,
  ComputeEndpointsRequestSchema,
  EndpointService,
  type SimulateEndpointsRequest,
  SimulateEndpointsRequestSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { findRepeated } from '../repeated-violation.ts';
import { type FieldViolation, insideField } from '../serving/field-violation.ts';
import { createRequestValidator } from '../serving/request-validator.ts';
import { computeEndpoints } from './endpoints.ts';
import { simulateEndpoints } from './simulation.ts';

/**
 * Serves {@link computeEndpoints} and {@link simulateEndpoints}. A request that breaks a rule of its proto, or that names
 * two groups, devices or scenarios alike, is an InvalidArgument with the fields in question as its detail.
 */
export function registerEndpoints(router: ConnectRouter): void {
  const validate = createRequestValidator(ComputeEndpointsRequestSchema, findDuplicates);
  const validateSimulation = createRequestValidator(SimulateEndpointsRequestSchema, findSimulationDuplicates);
  router.service(EndpointService, {
    computeEndpoints(request) {
      validate(request);
      return computeEndpoints(request);
    },
    simulateEndpoints(request) {
      validateSimulation(request);
      return simulateEndpoints(request);
    },
  });
}

function findSimulationDuplicates({ inputs, scenarios }: SimulateEndpointsRequest): FieldViolation[] {
  return [
    ...(inputs === undefined ? [] : insideField('inputs', findDuplicates(inputs))),
    ...findRepeated(
      'scenarios',
      'name',
      scenarios.map(({ name }) => name),
    ),
  ];
}

function findDuplicates({ groups, devices }: ComputeEndpointsRequest): FieldViolation[] {
  return [
    ...findRepeated(
      'groups',
      'name',
      groups.map(({ name }) => name),
    ),
    ...findRepeated(
      'devices',
      'id',
      devices.map(({ id }) => id),
    ),
  ];
}
