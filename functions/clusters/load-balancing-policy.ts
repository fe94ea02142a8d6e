import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import {
  type LoadBalancingPolicy,
  LoadBalancingPolicySchema,
  Cluster_CommonLbConfigSchema,
} from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { LeastRequestSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts';
import { MaglevSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb.ts';
import { RandomSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/random/v3/random_pb.ts';
import { RingHashSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.ts';
import { RoundRobinSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts';
import { type LoadBalancing, LoadBalancingPolicy as Policy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { type ClusterFields } from './cluster-fields.ts';

/**
 * Builds what `buildLoadBalancing` says for a cluster that has a `load_balancing_policy`, as those of Envoy Gateway do:
 * Envoy refuses locality weights in `common_lb_config` beside one, so the policy itself has to say them. (Its
 * `wrr_locality` would be the general form, but takes no other policy within than client-side weighted round robin.)
 */
export function buildTypedLoadBalancing(settings: LoadBalancing | undefined): ClusterFields {
  const panicThreshold = settings?.panicThreshold;
  return {
    loadBalancingPolicy: buildPolicy(settings),
    ...(panicThreshold === undefined
      ? {}
      : { commonLbConfig: create(Cluster_CommonLbConfigSchema, { healthyPanicThreshold: { value: panicThreshold } }) }),
  };
}

function buildPolicy(settings: LoadBalancing | undefined): LoadBalancingPolicy {
  const localityLbConfig = { localityConfigSpecifier: { case: 'localityWeightedLbConfig', value: {} } } as const;
  const localityWeightedLbConfig = {};
  const slowStart = settings?.slowStart;
  const slowStartConfig =
    slowStart === undefined || (slowStart.seconds === 0n && slowStart.nanos === 0)
      ? {}
      : { slowStartConfig: { slowStartWindow: slowStart } };
  switch (settings?.policy) {
    case Policy.LEAST_REQUEST:
      return pack('least_request', LeastRequestSchema, { localityLbConfig, ...slowStartConfig });
    case Policy.RING_HASH:
      return pack('ring_hash', RingHashSchema, { localityWeightedLbConfig });
    case Policy.MAGLEV:
      return pack('maglev', MaglevSchema, { localityWeightedLbConfig });
    case Policy.RANDOM:
      return pack('random', RandomSchema, { localityLbConfig });
    default:
      return pack('round_robin', RoundRobinSchema, { localityLbConfig, ...slowStartConfig });
  }
}

function pack<Desc extends DescMessage>(name: string, schema: Desc, init: MessageInitShape<Desc>): LoadBalancingPolicy {
  const typedConfig = anyPack(schema, create(schema, init));
  return create(LoadBalancingPolicySchema, {
    policies: [{ typedExtensionConfig: { name: `envoy.load_balancing_policies.${name}`, typedConfig } }],
  });
}
