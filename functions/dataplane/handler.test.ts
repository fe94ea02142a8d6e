import { type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { violationsToProto } from '@bufbuild/protovalidate';
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import {
  type ComputeDataPlaneRequestSchema,
  DataPlaneService,
} from '../../proto/gen/tailway/dataplane/v1/dataplane_pb.ts';
import { LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { registerDataPlane } from './handler.ts';

type RequestInit = MessageInitShape<typeof ComputeDataPlaneRequestSchema>;

const [, ViolationsSchema] = violationsToProto([]);

const client = createClient(DataPlaneService, createRouterTransport(registerDataPlane));

const valid: { name: string; request: RequestInit }[] = [
  { name: 'nothing set', request: {} },
  { name: 'IPv6', request: { listenerAddress: '::' } },
  { name: 'several retry conditions', request: { retry: { attempts: 1, on: '5xx,reset,unavailable' } } },
  { name: 'no request timeout', request: { requestTimeout: durationFromMs(0) } },
  {
    name: 'a hashed header',
    request: { loadBalancing: { policy: LoadBalancingPolicy.RING_HASH, hashHeader: 'x-session' } },
  },
  { name: 'slow start with the default policy', request: { loadBalancing: { slowStart: durationFromMs(30_000) } } },
];

test.each(valid)('$name is valid', async ({ request }) => {
  const response = await client.computeDataPlane(request);
  expect(response.cluster?.name).toBe('envoy-cluster');
});

const invalid: { name: string; request: RequestInit; message: string }[] = [
  {
    name: 'a port too large',
    request: { listenerPort: 65_536 },
    message: 'listener_port: must be less than or equal to 65535 [uint32.lte]',
  },
  {
    name: 'a name as address',
    request: { listenerAddress: 'localhost' },
    message: 'listener_address: must be an IP address [listener_address.ip]',
  },
  {
    name: 'a short IPv4 address',
    request: { listenerAddress: '127.1' },
    message: 'listener_address: must be an IP address [listener_address.ip]',
  },
  {
    name: 'the cluster named as the default listener',
    request: { clusterName: 'main-listener' },
    message:
      'listener_name: must differ from the cluster name, which is the name of the listener for gRPC clients [listener_name.unique]',
  },
  {
    name: 'no time to connect',
    request: { connectTimeout: durationFromMs(0) },
    message: 'connect_timeout: must be greater than 0s [duration.gt]',
  },
  {
    name: 'less than a millisecond to connect',
    request: { connectTimeout: { seconds: 0n, nanos: 999_999 } },
    message: 'connect_timeout: must be at least 1ms [duration.whole_millisecond]',
  },
  {
    name: 'a negative request timeout',
    request: { requestTimeout: durationFromMs(-1) },
    message: 'request_timeout: must be greater than or equal to 0s [duration.gte]',
  },
  {
    name: 'a duration that is none, deep inside',
    request: { healthCheck: { interval: { seconds: 1n, nanos: -1 } } },
    message: 'health_check.interval: must be a duration of 0 to 315576000000 seconds [duration.valid]',
  },
  {
    name: 'a relative path',
    request: { healthCheck: { path: 'healthz' } },
    message: 'health_check.path: does not match regex pattern `^(/[!-~]*)?$` [string.pattern]',
  },
  {
    name: 'an unknown retry condition',
    request: { retry: { attempts: 1, on: '5xx,resets' } },
    message: 'retry.on: holds "resets", which is no condition that Envoy knows [retry.on]',
  },
  {
    name: 'a hashed header without hashing',
    request: { loadBalancing: { hashHeader: 'x-session' } },
    message:
      'load_balancing.hash_header: has no effect unless the policy is RING_HASH or MAGLEV [load_balancing.hash_header]',
  },
  {
    name: 'slow start with a policy that has none',
    request: { loadBalancing: { policy: LoadBalancingPolicy.MAGLEV, slowStart: durationFromMs(30_000) } },
    message:
      'load_balancing.slow_start: has no effect unless the policy is ROUND_ROBIN or LEAST_REQUEST [load_balancing.slow_start]',
  },
  {
    name: 'a threshold beyond all hosts',
    request: { loadBalancing: { panicThreshold: 101 } },
    message:
      'load_balancing.panic_threshold: must be greater than or equal to 0 and less than or equal to 100 [double.gte_lte]',
  },
];

test.each(invalid)('$name is refused', async ({ request, message }) => {
  const error = await client.computeDataPlane(request).then(
    () => undefined,
    (err: unknown) => ConnectError.from(err),
  );
  expect(error?.code).toBe(Code.InvalidArgument);
  expect(error?.rawMessage).toBe(message);
  expect(error?.findDetails(ViolationsSchema)[0]?.violations).toHaveLength(1);
});
