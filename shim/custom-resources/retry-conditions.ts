import { create } from '@bufbuild/protobuf';
import { findRetryViolations } from '../../functions/upstream/retry-violation.ts';
import { RetrySchema } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** The conditions of `retry_on`, for the API server; a test holds them against what the functions know. */
export const retryConditions = [
  '5xx',
  'cancelled',
  'connect-failure',
  'deadline-exceeded',
  'envoy-ratelimited',
  'gateway-error',
  'http3-post-connect-failure',
  'internal',
  'refused-stream',
  'reset',
  'reset-before-request',
  'resource-exhausted',
  'retriable-4xx',
  'retriable-headers',
  'retriable-status-codes',
  'unavailable',
] as const;

/** Whether Envoy knows a condition of `retry_on`; it passes over others without a word. */
export function isRetryCondition(condition: string): boolean {
  return findRetryViolations(create(RetrySchema, { on: condition }), 'on').length === 0;
}
