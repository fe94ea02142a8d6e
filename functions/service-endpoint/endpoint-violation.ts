import { type ServiceEndpoint, ServiceEndpointSchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { findRepeated } from '../repeated-violation.ts';
import { type FieldViolation } from '../serving/field-violation.ts';
import { findDurationViolations } from '../upstream/duration-violation.ts';
import { isAllowedTarget } from './allowed-target.ts';
import { formatReference } from './reference.ts';

/** Finds what makes an endpoint one that Envoy would refuse, besides the rules of its proto and what refuses it alone. */
export function findEndpointViolations(endpoint: ServiceEndpoint): FieldViolation[] {
  return findDurationViolations(ServiceEndpointSchema, endpoint);
}

/** Finds the endpoints of a request that break a rule, and those that share a reference. */
export function findEndpointsViolations(endpoints: readonly ServiceEndpoint[]): FieldViolation[] {
  return [
    ...findRepeated(
      'endpoints',
      'ref',
      endpoints.map(({ ref }) => formatReference(ref)),
    ),
    ...endpoints.flatMap((endpoint, index) =>
      findEndpointViolations(endpoint).map(({ path, rule, message }) => ({
        path: `endpoints[${index}].${path}`,
        rule,
        message,
      })),
    ),
  ];
}

/**
 * Finds entries of `allow_targets` that allow nothing.
 *
 * @param path where they are in the request
 */
export function findAllowedTargetViolations(entries: readonly string[], path: string): FieldViolation[] {
  return entries.flatMap((entry, index) =>
    isAllowedTarget(entry)
      ? []
      : [{ path: `${path}[${index}]`, rule: 'allow_targets.entry', message: 'must be a CIDR or the end of a name' }],
  );
}
