import { createRegistry } from '@bufbuild/protobuf';
import { StdoutAccessLogSchema } from '../../proto/gen/envoy/extensions/access_loggers/stream/v3/stream_pb.ts';
import { RouterSchema } from '../../proto/gen/envoy/extensions/filters/http/router/v3/router_pb.ts';
import { HttpConnectionManagerSchema } from '../../proto/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';

/** The types that stand in an `Any` of the response: without them it can't be written as JSON. */
export const anyTypes = createRegistry(HttpConnectionManagerSchema, RouterSchema, StdoutAccessLogSchema);
