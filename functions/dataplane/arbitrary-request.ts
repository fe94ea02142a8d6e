import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import * as fc from 'fast-check';
import {
  type ComputeDataPlaneRequest,
  ComputeDataPlaneRequestSchema,
} from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

const duration = fc.constantFrom(1, 250, 1000, 60_000).map(durationFromMs);

const panicThreshold = fc.constantFrom(0, 12.5, 50, 100);

const { RING_HASH, MAGLEV, ROUND_ROBIN, LEAST_REQUEST, RANDOM } = LoadBalancingPolicy;

/** A setting that another policy would have use for is refused. */
const loadBalancing = fc.oneof(
  fc.record({ policy: fc.constantFrom(RING_HASH, MAGLEV), hashHeader: fc.constantFrom('', 'x-session') }),
  fc.record({ policy: fc.constantFrom(ROUND_ROBIN, LEAST_REQUEST), slowStart: duration, panicThreshold }),
  fc.record({ policy: fc.constantFrom(RANDOM, MAGLEV), panicThreshold, slowStart: duration }),
);

const healthCheck = fc.record(
  {
    disabled: fc.boolean(),
    path: fc.constantFrom('', '/healthz', '/a?b=c'),
    host: fc.constantFrom('', 'web.example'),
    interval: duration,
    timeout: duration,
    unhealthyThreshold: fc.integer({ min: 1, max: 5 }),
    healthyThreshold: fc.integer({ min: 1, max: 5 }),
  },
  { requiredKeys: [] },
);

const outlierDetection = fc.record(
  {
    enabled: fc.boolean(),
    consecutive5xx: fc.integer({ min: 1, max: 9 }),
    interval: duration,
    baseEjectionTime: duration,
    maxEjectionPercent: fc.integer({ min: 0, max: 100 }),
  },
  { requiredKeys: [] },
);

const retry = fc.record(
  {
    attempts: fc.integer({ min: 0, max: 5 }),
    on: fc.constantFrom('', '5xx', 'connect-failure,refused-stream', '5xx', 'reset', 'no-such-condition'),
    perTryTimeout: duration,
  },
  { requiredKeys: [] },
);

/** Settings of every kind, some of which are refused. */
export const arbitraryRequest: fc.Arbitrary<ComputeDataPlaneRequest> = fc
  .record(
    {
      listenerName: fc.constantFrom('', 'listener', 'listener', 'one-name'),
      listenerAddress: fc.constantFrom('', '127.0.0.1', '0.0.0.0', '::1', '::', 'localhost'),
      listenerPort: fc.constantFrom(0, 10_000, 65_535),
      routeName: fc.constantFrom('', 'route'),
      clusterName: fc.constantFrom('', 'cluster', 'cluster', 'one-name'),
      serviceName: fc.constantFrom('', 'service'),
      connectTimeout: duration,
      requestTimeout: duration,
      accessLog: fc.boolean(),
      loadBalancing,
      healthCheck,
      outlierDetection,
      retry,
    },
    { requiredKeys: [] },
  )
  .map((init) => create(ComputeDataPlaneRequestSchema, init));
