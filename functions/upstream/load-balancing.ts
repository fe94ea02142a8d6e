import { create } from '@bufbuild/protobuf';
import { type Duration } from '@bufbuild/protobuf/wkt';
import {
  type Cluster,
  type Cluster_CommonLbConfig,
  Cluster_CommonLbConfigSchema,
  Cluster_LbPolicy,
  Cluster_LeastRequestLbConfigSchema,
  Cluster_RoundRobinLbConfigSchema,
} from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  type RouteAction_HashPolicy,
  RouteAction_HashPolicySchema,
} from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { type LoadBalancing, LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** The fields of a cluster that say how its hosts are picked. */
export type ClusterLoadBalancing = Pick<Cluster, 'lbPolicy' | 'lbConfig' | 'commonLbConfig'>;

/** Builds the load balancing of a cluster: by the weights of localities first, by the policy within one. */
export function buildLoadBalancing(settings: LoadBalancing | undefined): ClusterLoadBalancing {
  const lbPolicy = toLbPolicy(settings?.policy);
  return {
    lbPolicy,
    lbConfig: buildSlowStart(lbPolicy, settings?.slowStart),
    commonLbConfig: buildCommonLbConfig(settings?.panicThreshold),
  };
}

/** Builds what the hashing policies hash: a header, else the client's address. None for the other policies. */
export function buildHashPolicy(settings: LoadBalancing | undefined): RouteAction_HashPolicy[] {
  if (settings === undefined || !isHashing(settings.policy)) {
    return [];
  }
  const policySpecifier =
    settings.hashHeader === ''
      ? ({ case: 'connectionProperties', value: { sourceIp: true } } as const)
      : ({ case: 'header', value: { headerName: settings.hashHeader } } as const);
  return [create(RouteAction_HashPolicySchema, { policySpecifier })];
}

/** Whether a policy sends equal requests to the same host. */
export function isHashing(policy: LoadBalancingPolicy): boolean {
  return policy === LoadBalancingPolicy.RING_HASH || policy === LoadBalancingPolicy.MAGLEV;
}

/** An unknown policy is the default one. */
function toLbPolicy(policy: LoadBalancingPolicy | undefined): Cluster_LbPolicy {
  switch (policy) {
    case LoadBalancingPolicy.LEAST_REQUEST:
      return Cluster_LbPolicy.LEAST_REQUEST;
    case LoadBalancingPolicy.RING_HASH:
      return Cluster_LbPolicy.RING_HASH;
    case LoadBalancingPolicy.MAGLEV:
      return Cluster_LbPolicy.MAGLEV;
    case LoadBalancingPolicy.RANDOM:
      return Cluster_LbPolicy.RANDOM;
    default:
      return Cluster_LbPolicy.ROUND_ROBIN;
  }
}

function buildSlowStart(lbPolicy: Cluster_LbPolicy, slowStart: Duration | undefined): Cluster['lbConfig'] {
  if (slowStart === undefined || (slowStart.seconds === 0n && slowStart.nanos === 0)) {
    return { case: undefined };
  }
  const slowStartConfig = { slowStartWindow: slowStart };
  switch (lbPolicy) {
    case Cluster_LbPolicy.ROUND_ROBIN:
      return { case: 'roundRobinLbConfig', value: create(Cluster_RoundRobinLbConfigSchema, { slowStartConfig }) };
    case Cluster_LbPolicy.LEAST_REQUEST:
      return { case: 'leastRequestLbConfig', value: create(Cluster_LeastRequestLbConfigSchema, { slowStartConfig }) };
    default:
      return { case: undefined };
  }
}

function buildCommonLbConfig(panicThreshold: number | undefined): Cluster_CommonLbConfig {
  return create(Cluster_CommonLbConfigSchema, {
    localityConfigSpecifier: { case: 'localityWeightedLbConfig', value: {} },
    ...(panicThreshold === undefined ? {} : { healthyPanicThreshold: { value: panicThreshold } }),
  });
}
