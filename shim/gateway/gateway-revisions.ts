import { gatewayTargets, selectsEndpoint } from '../../functions/route-policy/policy.ts';
import type { EndpointRef, RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { CustomResource } from '../custom-resources/resource-source.ts';
import { createContentDigest } from './content-digest.ts';
import { envoyGateways } from './envoy-gateways.ts';

/** What the revisions of Gateways are computed from. */
export interface GatewayRevisionsInput {
  readonly endpoints: readonly { readonly ref: EndpointRef; readonly digest: string }[];
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
  for (const { ref, digest } of input.endpoints) {
    const name = `endpoint ${ref.namespace}/${ref.resource}/${ref.endpoint}`;
    const about = (restricting.get(ref.namespace) ?? []).filter(({ policy }) => selectsEndpoint(policy, ref));
    if (about.length === 0) everywhere.add(name, digest);
    for (const { policy } of about) for (const key of targetKeys(policy)) digests.get(key)?.add(name, digest);
  }
  for (const { policy, digest } of input.policies) {
    const name = `policy ${policy.namespace}/${policy.name}`;
    if (gatewayTargets(policy).length < policy.targets.length) everywhere.describe(name, digest);
    for (const key of targetKeys(policy)) digests.get(key)?.describe(name, digest);
  }
  const injected = [...digests].filter(([, own]) => own.isInjected() || everywhere.isInjected());
  return new Map(injected.map(([key, own]) => [key, `${everywhere.value()}${own.value()}`]));
}

/** A digest that knows whether something is injected, or only how. */
function newDigest() {
  const digest = createContentDigest();
  let injected = false;
  return {
    add(name: string, content: string): void {
      injected = true;
      digest.set(name, content);
    },
    describe: (name: string, content: string) => void digest.set(name, content),
    isInjected: () => injected,
    value: digest.value,
  };
}

function targetKeys(policy: RoutePolicy): ReadonlySet<string> {
  return new Set(gatewayTargets(policy).map(({ name }) => `${policy.namespace}/${name}`));
}
