import { setImmediate as turn } from 'node:timers/promises';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { buildGroupName } from '../../functions/service-endpoint/group-name.ts';
import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { ResourceKey } from '../custom-resources/resource-source.ts';
import type { Acknowledgement, GatewayTranslation } from './acknowledgement.ts';
import { envoyGateways } from './envoy-gateways.ts';
import type { TailnetsView } from './endpoint-hosts.ts';
import type { GatewayStore } from './gateway-state.ts';
import { computeRouteOutcomes, type RouteOutcome } from './route-outcomes.ts';
import { computeStatus, type DesiredEndpointsStatus } from './status.ts';

/** What the status of a TailscaleEndpoints should say. */
interface DesiredStatus {
  readonly resource: ResourceKey & { readonly uid: string };
  readonly status: DesiredEndpointsStatus;
}

/** The statuses of all TailscaleEndpoints. */
export interface StatusBook {
  /** All statuses as they should be now. What did not change since the last call is not computed again. */
  statuses(tailnets: TailnetsView): Promise<readonly DesiredStatus[]>;
}

/** What a status book is made of. */
export interface StatusBookOptions {
  readonly store: GatewayStore;
  readonly allowTargets: readonly string[];
  /** What Envoys have made of the devices of a group, by its name. */
  readonly acknowledgement: (group: string) => Acknowledgement;
  /** What Envoy Gateway has made of the revision of a Gateway, by `namespace/name`. */
  readonly translation: (gateway: string) => GatewayTranslation;
}

/** Endpoints whose routes are computed in one go: few enough that streams and hooks are served in between. */
const maxEndpoints = 500;

/** A book without statuses. */
export function createStatusBook({ store, allowTargets, acknowledgement, translation }: StatusBookOptions): StatusBook {
  /** By service; what they were computed from is told by the identity of these lists and endpoints. */
  let outcomes = new Map<string, { readonly endpoints: readonly ServiceEndpoint[]; readonly found: Outcomes }>();
  let basis: readonly unknown[] = [];

  /** None where no Envoy asks for them: single hosts, and groups that stand in clusters. */
  function acknowledgementOf({ ref, upstream }: ServiceEndpoint): Acknowledgement | undefined {
    return upstream.case === 'selector' ? acknowledgement(buildGroupName(ref)) : undefined;
  }

  async function refresh(): Promise<void> {
    const { endpoints, policies } = store;
    const gateways = envoyGateways([...store.gateways.values()], [...store.gatewayClasses.values()]);
    const next = [policies, ...gateways];
    const isSameBasis = next.length === basis.length && next.every((each, index) => each === basis[index]);
    const before = isSameBasis ? outcomes : new Map<string, never>();
    const byService = Map.groupBy(endpoints, ({ ref }) => ref?.endpoint ?? '');
    const after: typeof outcomes = new Map();
    let batch: ServiceEndpoint[] = [];
    const compute = () => {
      const found = computeRouteOutcomes({ endpoints: batch, policies, gateways, allowTargets });
      for (const [service, all] of Map.groupBy(batch, ({ ref }) => ref?.endpoint ?? '')) {
        after.set(service, { endpoints: all, found });
      }
      batch = [];
    };
    for (const [service, all] of byService) {
      const known = before.get(service);
      if (known !== undefined && isSameList(known.endpoints, all)) {
        after.set(service, known);
        continue;
      }
      for (const endpoint of all) batch.push(endpoint);
      if (batch.length < maxEndpoints) continue;
      compute();
      await turn();
    }
    if (batch.length > 0) compute();
    outcomes = after;
    basis = next;
  }

  return {
    async statuses(tailnets) {
      await refresh();
      const statuses: DesiredStatus[] = [];
      for (const { resource, converted, endpoints, discovered, findings } of store.resources.values()) {
        const { kind, namespace, name, uid, generation } = resource;
        const tailnet = tailnets.within(converted.tailnets);
        const status = computeStatus({
          generation,
          endpoints,
          discovered,
          findings,
          discovers: converted.autoDiscovery !== undefined,
          decisionOf: ({ ref }) => (ref === undefined ? { kind: 'pending' } : store.decision(ref)),
          outcomes: ownOutcomes(endpoints, outcomes),
          tailnet,
          acknowledgementOf,
          translationOf: translation,
          tailnets: converted.tailnets,
        });
        statuses.push({ resource: { kind, namespace, name, uid }, status });
        if (statuses.length % maxEndpoints === 0) await turn();
      }
      return statuses;
    },
  };
}

type Outcomes = ReadonlyMap<string, readonly RouteOutcome[]>;

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

function ownOutcomes(
  endpoints: readonly ServiceEndpoint[],
  outcomes: ReadonlyMap<string, { readonly found: Outcomes }>,
): Outcomes {
  const own = new Map<string, readonly RouteOutcome[]>();
  for (const { ref } of endpoints) {
    const key = formatReference(ref);
    const found = outcomes.get(ref?.endpoint ?? '')?.found.get(key);
    if (found !== undefined) own.set(key, found);
  }
  return own;
}
