import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  type CircuitBreakers as EnvoyCircuitBreakers,
  CircuitBreakersSchema,
} from '../../proto/gen/envoy/config/cluster/v3/circuit_breaker_pb.ts';
import { type CircuitBreakers, type RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { buildOutlierDetection } from '../upstream/outlier-detection.ts';
import { type ClusterFields } from './cluster-fields.ts';

/** As many tries again at the same time as Envoy Gateway allows in its own clusters; Envoy alone would allow 3. */
const defaultMaxRetries = 1024;

/** Builds the limits of a service's cluster: what a policy says, and defaults. */
export function buildLimits(policy: RoutePolicy | undefined): ClusterFields {
  return {
    connectTimeout: durationFromMs(5000),
    circuitBreakers: buildCircuitBreakers(policy?.circuitBreakers),
    ...buildOwnLimits(policy),
  };
}

/** Builds the limits that a policy sets, and no other. */
export function buildOwnLimits(policy: RoutePolicy | undefined): ClusterFields {
  const outlierDetection = buildOutlierDetection(policy?.outlierDetection);
  return {
    ...(policy?.connectTimeout === undefined ? {} : { connectTimeout: policy.connectTimeout }),
    ...(policy?.circuitBreakers === undefined ? {} : { circuitBreakers: buildCircuitBreakers(policy.circuitBreakers) }),
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
  };
}

function buildCircuitBreakers(settings: CircuitBreakers | undefined): EnvoyCircuitBreakers {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries = defaultMaxRetries } = settings ?? {};
  const thresholds = {
    maxRetries,
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(maxPendingRequests === undefined ? {} : { maxPendingRequests }),
    ...(maxRequests === undefined ? {} : { maxRequests }),
  };
  return create(CircuitBreakersSchema, { thresholds: [thresholds] });
}
