import { type RoutePolicy, RoutePolicySchema } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { findRepeated } from '../repeated-violation.ts';
import { type FieldViolation } from '../serving/field-violation.ts';
import { findDurationViolations } from '../upstream/duration-violation.ts';
import { findLoadBalancingViolations } from '../upstream/load-balancing-violation.ts';
import { findRetryViolations } from '../upstream/retry-violation.ts';
import { findExpressionFault } from './regular-expression.ts';
import { formatPolicy } from './policy.ts';

/**
 * Finds what makes a policy one that Envoy would refuse, or a part of it one without effect, besides the rules of its
 * proto. Whoever reads policies asks here for each of them, so that a bad one harms itself alone.
 */
export function findPolicyViolations(policy: RoutePolicy): FieldViolation[] {
  return [
    ...findDurationViolations(RoutePolicySchema, policy),
    ...findLoadBalancingViolations(policy.loadBalancing, 'load_balancing'),
    ...findRetryViolations(policy.retry, 'retry'),
    ...policy.hostnames.flatMap(findHostnameViolations),
    ...policy.headers.flatMap(({ match }, index) => findExpressionViolations(match, index)),
    ...findPathPrefixViolations(policy.pathPrefix),
  ];
}

/** Finds the policies of a request that break a rule, and those that share a name. */
export function findPoliciesViolations(policies: readonly RoutePolicy[]): FieldViolation[] {
  return [
    ...findRepeated('policies', 'name', policies.map(formatPolicy)),
    ...policies.flatMap((policy, index) =>
      findPolicyViolations(policy).map(({ path, rule, message }) => ({
        path: `policies[${index}].${path}`,
        rule,
        message,
      })),
    ),
  ];
}

function findHostnameViolations(hostname: string, index: number): FieldViolation[] {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  const valid = new RegExp(String.raw`^(?:\*|(?:\*\.)?${label}(?:\.${label})*)$`, 'i').test(hostname);
  const message = 'must be a DNS name, or one with *. before it, without a port';
  return valid && hostname.length <= 253 ? [] : [{ path: `hostnames[${index}]`, rule: 'hostnames.name', message }];
}

function findExpressionViolations(match: RoutePolicy['headers'][number]['match'], index: number): FieldViolation[] {
  const fault = match.case === 'regularExpression' ? findExpressionFault(match.value) : undefined;
  const path = `headers[${index}].regular_expression`;
  return fault === undefined ? [] : [{ path, rule: 'headers.regular_expression', message: fault }];
}

function findPathPrefixViolations(pathPrefix: string): FieldViolation[] {
  return /\/\.{1,2}\//.test(pathPrefix)
    ? [{ path: 'path_prefix', rule: 'path_prefix.dots', message: 'must not hold /./ or /../, which gateways resolve' }]
    : [];
}
