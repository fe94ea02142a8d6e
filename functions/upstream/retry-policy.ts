import { create } from '@bufbuild/protobuf';
import { type RetryPolicy, RetryPolicySchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { type Retry } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** What is tried again where the settings do not say: failures before the upstream did any work, and resets. */
const defaultRetryOn = 'connect-failure,refused-stream,unavailable,reset';

/** Builds the retries of a route; absent when there are none. */
export function buildRetryPolicy(settings: Retry | undefined): RetryPolicy | undefined {
  if (settings === undefined || settings.attempts === 0) {
    return undefined;
  }
  return create(RetryPolicySchema, {
    retryOn: settings.on || defaultRetryOn,
    numRetries: settings.attempts,
    ...(settings.perTryTimeout === undefined ? {} : { perTryTimeout: settings.perTryTimeout }),
  });
}
