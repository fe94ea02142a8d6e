import { gatewayTargets, selectsEndpoint } from '../../functions/route-policy/policy.ts';
import type { EndpointRef, RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { CustomResource } from '../custom-resources/resource-source.ts';
import { digestOfSum, hashContent } from './content-digest.ts';
import { envoyGateways } from './envoy-gateways.ts';

/** What the revisions of Gateways are computed from. */
export interface GatewayRevisionsInput {
  /** `hash` is of the endpoint, its name included, and of its cluster. */
  readonly endpoints: readonly { readonly ref: EndpointRef; readonly hash: bigint }[];
  readonly policies: readonly { readonly policy: RoutePolicy; readonly digest: string }[];
  readonly gateways: readonly CustomResource[];
  readonly gatewayClasses: readonly CustomResource[];
}

/**
 * The revision of each Gateway that has something injected, by `namespace/name`; Gateways of others than Envoy Gateway have
 * none. It is a hash of what concerns the Gateway: a change elsewhere leaves it as it is.
 *
 * Policies that target a route concern every Gateway, since the route may be attached to any.
 */
export function computeGatewayRevisions(input: GatewayRevisionsInput): ReadonlyMap<string, string> {
  const gateways = envoyGateways(input.gateways, input.gatewayClasses);
  const digests = new Map(gateways.map(({ namespace, name }) => [`${namespace}/${name}`, newDigest()]));
  const everywhere = newDigest();
  const restricting = Map.groupBy(
    input.policies.filter(({ policy }) => gatewayTargets(policy).length > 0),
    ({ policy }) => policy.namespace,
  );
  for (const { ref, hash } of input.endpoints) {
    const about = (restricting.get(ref.namespace) ?? []).filter(({ policy }) => selectsEndpoint(policy, ref));
    if (about.length === 0) everywhere.add(hash);
    for (const key of targetKeys(about.map(({ policy }) => policy))) digests.get(key)?.add(hash);
  }
  for (const { policy, digest } of input.policies) {
    const hash = hashContent(`policy ${policy.namespace}/${policy.name}`, digest);
    if (gatewayTargets(policy).length < policy.targets.length) everywhere.describe(hash);
    for (const key of targetKeys([policy])) digests.get(key)?.describe(hash);
  }
  const injected = [...digests].filter(([, own]) => own.isInjected() || everywhere.isInjected());
  return new Map(injected.map(([key, own]) => [key, `${everywhere.value()}${own.value()}`]));
}

/** A sum of hashes that knows whether something is injected, or only how. */
function newDigest() {
  let sum = 0n;
  let injected = false;
  return {
    add(hash: bigint): void {
      injected = true;
      sum += hash;
    },
    describe(hash: bigint): void {
      sum += hash;
    },
    isInjected: () => injected,
    value: () => digestOfSum(sum),
  };
}

/** The Gateways that policies name, each once. */
function targetKeys(policies: readonly RoutePolicy[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const policy of policies) {
    for (const { name } of gatewayTargets(policy)) keys.add(`${policy.namespace}/${name}`);
  }
  return keys;
}
