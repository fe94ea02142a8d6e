import { type Retry } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { type FieldViolation } from '../serving/field-violation.ts';
import { isRetryCondition } from './retry-conditions.ts';

/**
 * Finds retry conditions that Envoy does not know.
 *
 * @param path where the settings are in the request
 */
export function findRetryViolations(settings: Retry | undefined, path: string): FieldViolation[] {
  const on = settings?.on ?? '';
  const unknown = on === '' ? [] : on.split(',').filter((condition) => !isRetryCondition(condition));
  return unknown.map((condition) => ({
    path: `${path}.on`,
    rule: 'retry.on',
    message: `holds ${JSON.stringify(condition)}, which is no condition that Envoy knows`,
  }));
}
