import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import {
  type Cluster,
  Cluster_CommonLbConfigSchema,
  type LoadBalancingPolicy_Policy,
  LoadBalancingPolicy_PolicySchema,
  LoadBalancingPolicySchema,
} from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  type LeastRequest,
  LeastRequestSchema,
} from '../../proto/gen/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts';
import { MaglevSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb.ts';
import { RandomSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/random/v3/random_pb.ts';
import { RingHashSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.ts';
import { RoundRobinSchema } from '../../proto/gen/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts';
import { type LoadBalancing, LoadBalancingPolicy as Policy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** One entry of a `load_balancing_policy`: who reads the list takes the first entry that it knows. */
export type PolicyEntry = LoadBalancingPolicy_Policy;

/** The fields of a cluster that say with a `load_balancing_policy` how its hosts are picked. */
export type TypedLoadBalancing = Partial<Pick<Cluster, 'loadBalancingPolicy' | 'commonLbConfig'>>;

/**
 * Builds what `buildLoadBalancing` says for a cluster that has a `load_balancing_policy`, as those of Envoy Gateway do:
 * Envoy refuses locality weights in `common_lb_config` beside one, so the policy itself has to say them. (Its
 * `wrr_locality` would be the general form, but takes no other policy within than client-side weighted round robin.)
 *
 * @param policies the list, which Envoy reads up to the first that it knows
 */
export function buildTypedLoadBalancing(
  settings: LoadBalancing | undefined,
  policies: PolicyEntry[] = [buildPolicy(settings)],
): TypedLoadBalancing {
  const panicThreshold = settings?.panicThreshold;
  return {
    loadBalancingPolicy: create(LoadBalancingPolicySchema, { policies }),
    ...(panicThreshold === undefined
      ? {}
      : { commonLbConfig: create(Cluster_CommonLbConfigSchema, { healthyPanicThreshold: { value: panicThreshold } }) }),
  };
}

/** Builds an entry of a `load_balancing_policy`, named for its extension: `least_request`. */
export function buildPolicyEntry<Desc extends DescMessage>(
  name: string,
  schema: Desc,
  init: MessageInitShape<Desc>,
): PolicyEntry {
  const typedConfig = anyPack(schema, create(schema, init));
  const typedExtensionConfig = { name: `envoy.load_balancing_policies.${name}`, typedConfig };
  return create(LoadBalancingPolicy_PolicySchema, { typedExtensionConfig });
}

/** Builds Envoy's own policy. */
export function buildPolicy(settings: LoadBalancing | undefined): PolicyEntry {
  switch (settings?.policy) {
    case Policy.LEAST_REQUEST:
      return buildPolicyEntry('least_request', LeastRequestSchema, buildLeastRequest(settings));
    case Policy.RING_HASH:
      return buildPolicyEntry('ring_hash', RingHashSchema, { localityWeightedLbConfig: {} });
    case Policy.MAGLEV:
      return buildPolicyEntry('maglev', MaglevSchema, { localityWeightedLbConfig: {} });
    case Policy.RANDOM:
      return buildPolicyEntry('random', RandomSchema, { localityLbConfig: localityWeighted });
    default: {
      const init = { localityLbConfig: localityWeighted, ...buildSlowStart(settings) };
      return buildPolicyEntry('round_robin', RoundRobinSchema, init);
    }
  }
}

/** Builds the configuration of Envoy's least request. */
export function buildLeastRequest(settings: LoadBalancing): LeastRequest {
  return create(LeastRequestSchema, { localityLbConfig: localityWeighted, ...buildSlowStart(settings) });
}

const localityWeighted = { localityConfigSpecifier: { case: 'localityWeightedLbConfig', value: {} } } as const;

function buildSlowStart(settings: LoadBalancing | undefined) {
  const window = settings?.slowStart;
  return window === undefined || (window.seconds === 0n && window.nanos === 0)
    ? {}
    : { slowStartConfig: { slowStartWindow: window } };
}
