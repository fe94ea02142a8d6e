import { type LoadBalancing, LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { type FieldViolation } from '../serving/field-violation.ts';
import { isHashing } from './load-balancing.ts';

/** The policies that Envoy has a slow start for. */
const slowStarting: ReadonlySet<LoadBalancingPolicy> = new Set([
  LoadBalancingPolicy.UNSPECIFIED,
  LoadBalancingPolicy.ROUND_ROBIN,
  LoadBalancingPolicy.LEAST_REQUEST,
]);

/**
 * Finds the settings that would have no effect with the policy that is set.
 *
 * @param path where the settings are in the request
 */
export function findLoadBalancingViolations(settings: LoadBalancing | undefined, path: string): FieldViolation[] {
  if (settings === undefined) {
    return [];
  }
  const violations: FieldViolation[] = [];
  if (settings.hashHeader !== '' && !isHashing(settings.policy)) {
    violations.push({
      path: `${path}.hash_header`,
      rule: 'load_balancing.hash_header',
      message: 'has no effect unless the policy is RING_HASH or MAGLEV',
    });
  }
  if (settings.slowStart !== undefined && !slowStarting.has(settings.policy)) {
    violations.push({
      path: `${path}.slow_start`,
      rule: 'load_balancing.slow_start',
      message: 'has no effect unless the policy is ROUND_ROBIN or LEAST_REQUEST',
    });
  }
  return violations;
}
