import { createRegistry } from '@bufbuild/protobuf';
import { StdoutAccessLogSchema } from '../../proto/gen/envoy/extensions/access_loggers/stream/v3/stream_pb.ts';
import { RouterSchema } from '../../proto/gen/envoy/extensions/filters/http/router/v3/router_pb.ts';
import { HttpConnectionManagerSchema } from '../../proto/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { LeastRequestSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts';
import { MaglevSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb.ts';
import { RandomSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/random/v3/random_pb.ts';
import { RoundRobinSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts';
import { WrrLocalitySchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality_pb.ts';
import { TypedStructSchema } from '../../proto/gen/xds/type/v3/typed_struct_pb.ts';

/** The types that stand in an `Any` of the response: without them it can't be written as JSON. */
export const anyTypes = createRegistry(
  HttpConnectionManagerSchema,
  LeastRequestSchema,
  MaglevSchema,
  RandomSchema,
  RoundRobinSchema,
  RouterSchema,
  StdoutAccessLogSchema,
  TypedStructSchema,
  WrrLocalitySchema,
);
