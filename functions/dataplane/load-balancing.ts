import { type JsonObject, toJson } from '@bufbuild/protobuf';
import { LeastRequestSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts';
import { RoundRobinSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts';
import { WrrLocalitySchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality_pb.ts';
import { type LoadBalancing, LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { TypedStructSchema } from '../../proto/gen/xds/type/v3/typed_struct_pb.ts';
import { buildLoadBalancing, type ClusterLoadBalancing } from '../upstream/load-balancing.ts';
import {
  buildLeastRequest,
  buildPolicy,
  buildPolicyEntry,
  buildTypedLoadBalancing,
  type PolicyEntry,
  type TypedLoadBalancing,
} from '../upstream/typed-load-balancing.ts';

/**
 * Builds the load balancing of the sidecars' cluster, which gRPC clients resolve too. Round robin and ring hash are the
 * values of `lb_policy` that every one of them takes; it refuses a cluster with another. So the others are a
 * `load_balancing_policy`, a list of which each takes the first entry that it knows: Envoy its own policy, which must
 * come first since Envoy knows `wrr_locality` and refuses what is in it here, and gRPC the one after it.
 *
 * https://github.com/grpc/proposal/blob/master/A52-xds-custom-lb-policies.md
 */
export function buildClientLoadBalancing(
  settings: LoadBalancing | undefined,
): ClusterLoadBalancing | TypedLoadBalancing {
  switch (settings?.policy) {
    case LoadBalancingPolicy.LEAST_REQUEST:
      return buildTypedLoadBalancing(settings, [
        buildHiddenLeastRequest(settings),
        // Clients that know least request may use it, but within a locality.
        buildLocalityPolicy([buildPolicyEntry('least_request', LeastRequestSchema, {}), buildRoundRobin()]),
      ]);
    case LoadBalancingPolicy.MAGLEV:
    case LoadBalancingPolicy.RANDOM:
      return buildTypedLoadBalancing(settings, [buildPolicy(settings), buildLocalityPolicy([buildRoundRobin()])]);
    default:
      return buildLoadBalancing(settings);
  }
}

/**
 * Envoy's least request in a TypedStruct, which Envoy takes for the message that it names. A gRPC client takes it for a
 * policy of that name, which it has not: those that know the message itself would use it at once, and ignore the
 * weights of localities.
 */
function buildHiddenLeastRequest(settings: LoadBalancing): PolicyEntry {
  return buildPolicyEntry('least_request', TypedStructSchema, {
    typeUrl: `type.googleapis.com/${LeastRequestSchema.typeName}`,
    // A message is an object in JSON.
    value: toJson(LeastRequestSchema, buildLeastRequest(settings)) as JsonObject,
  });
}

function buildRoundRobin(): PolicyEntry {
  return buildPolicyEntry('round_robin', RoundRobinSchema, {});
}

/** Localities by weight, within one the first policy that the client knows. */
function buildLocalityPolicy(policies: PolicyEntry[]): PolicyEntry {
  return buildPolicyEntry('wrr_locality', WrrLocalitySchema, { endpointPickingPolicy: { policies } });
}
