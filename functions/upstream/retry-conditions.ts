/**
 * The conditions that Envoy knows; it passes over others without a word.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on
 */
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

const conditions: ReadonlySet<string> = new Set(retryConditions);

/** Whether Envoy knows a condition of `retry_on`. */
export function isRetryCondition(condition: string): boolean {
  return conditions.has(condition);
}
