import { create } from '@bufbuild/protobuf';
import { findRetryViolations } from '../../functions/upstream/retry-violation.ts';
import { RetrySchema } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** Whether Envoy knows a condition of `retry_on`; it passes over others without a word. */
export function isRetryCondition(condition: string): boolean {
  return findRetryViolations(create(RetrySchema, { on: condition }), 'on').length === 0;
}
