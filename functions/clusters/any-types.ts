import { createRegistry } from '@bufbuild/protobuf';
import { LeastRequestSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts';
import { MaglevSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb.ts';
import { RandomSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/random/v3/random_pb.ts';
import { RingHashSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.ts';
import { RoundRobinSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts';
import { RawBufferSchema } from '../../proto/gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.ts';
import { UpstreamTlsContextSchema } from '../../proto/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { HttpProtocolOptionsSchema } from '../../proto/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts';

/** The types that stand in an `Any` of a response: without them it can't be written as JSON. */
export const anyTypes = createRegistry(
  HttpProtocolOptionsSchema,
  LeastRequestSchema,
  MaglevSchema,
  RandomSchema,
  RawBufferSchema,
  RingHashSchema,
  RoundRobinSchema,
  UpstreamTlsContextSchema,
);
