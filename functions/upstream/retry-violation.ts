import { type Retry } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { type FieldViolation } from '../serving/field-violation.ts';

/**
 * The conditions that Envoy knows; it passes over others without a word.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on
 */
const conditions: ReadonlySet<string> = new Set([
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
]);

/**
 * Finds retry conditions that Envoy does not know.
 *
 * @param path where the settings are in the request
 */
export function findRetryViolations(settings: Retry | undefined, path: string): FieldViolation[] {
  const on = settings?.on ?? '';
  const unknown = on === '' ? [] : on.split(',').filter((condition) => !conditions.has(condition));
  return unknown.map((condition) => ({
    path: `${path}.on`,
    rule: 'retry.on',
    message: `holds ${JSON.stringify(condition)}, which is no condition that Envoy knows`,
  }));
}
