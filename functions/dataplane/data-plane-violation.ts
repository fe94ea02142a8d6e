import ipaddr from 'ipaddr.js';
import {
  type ComputeDataPlaneRequest,
  ComputeDataPlaneRequestSchema,
} from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { type FieldViolation } from '../serving/field-violation.ts';
import { findDurationViolations } from '../upstream/duration-violation.ts';
import { findLoadBalancingViolations } from '../upstream/load-balancing-violation.ts';
import { findRetryViolations } from '../upstream/retry-violation.ts';
import { applyDefaults } from './settings.ts';

/** Finds the settings that Envoy would refuse, or that would have no effect, beyond the rules in the proto. */
export function findDataPlaneViolations(request: ComputeDataPlaneRequest): FieldViolation[] {
  return [
    ...findListenerViolations(request),
    ...findDurationViolations(ComputeDataPlaneRequestSchema, request),
    ...findLoadBalancingViolations(request.loadBalancing, 'load_balancing'),
    ...findRetryViolations(request.retry, 'retry'),
  ];
}

function findListenerViolations(request: ComputeDataPlaneRequest): FieldViolation[] {
  const { listenerName, listenerAddress, clusterName } = applyDefaults(request);
  const violations: FieldViolation[] = [];
  if (!ipaddr.IPv4.isValidFourPartDecimal(listenerAddress) && !isIpv6(listenerAddress)) {
    violations.push({ path: 'listener_address', rule: 'listener_address.ip', message: 'must be an IP address' });
  }
  if (listenerName === clusterName) {
    const message = 'must differ from the cluster name, which is the name of the listener for gRPC clients';
    violations.push({ path: 'listener_name', rule: 'listener_name.unique', message });
  }
  return violations;
}

function isIpv6(text: string): boolean {
  return text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text);
}
