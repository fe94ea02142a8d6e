import type { GatewayStore } from '../gateway/gateway-state.ts';
import { formatRefusalReason } from '../gateway/refusal-reason.ts';
import type { WantedEndpoints, WantedPolicy } from '../gateway/wanted-resources.ts';
import { listUpTo } from './listed.ts';
import type { RefusedStatus, ResourcesStatus } from './shim-status.ts';

/** What became of all resources of the gateway. */
export function buildResourcesStatus(store: GatewayStore, limit: number): ResourcesStatus {
  let injected = 0;
  let pending = 0;
  const refused: RefusedStatus[] = [];
  for (const wanted of store.resources.values()) {
    for (const finding of findingsOf(wanted)) refused.push(finding);
    for (const { ref } of wanted.endpoints) {
      const decision = ref === undefined ? ({ kind: 'pending' } as const) : store.decision(ref);
      if (decision.kind === 'injected') injected++;
      else if (decision.kind === 'pending') pending++;
      else {
        const { reason, detail } = decision.refused;
        const endpoint = ref?.endpoint ?? '';
        refused.push({ resource: nameOf(wanted), endpoint, reason: formatRefusalReason(reason), detail });
      }
    }
  }
  for (const policy of store.policyResources.values()) {
    for (const finding of findingsOf(policy)) refused.push(finding);
  }
  return {
    synced: store.synced,
    revision: store.revision,
    endpointsResources: store.resources.size,
    policies: store.policyResources.size,
    gateways: store.gateways.size,
    injected,
    pending,
    refused: listUpTo(refused, limit),
  };
}

function findingsOf(wanted: WantedEndpoints | WantedPolicy): RefusedStatus[] {
  return wanted.findings
    .filter(({ effect }) => effect !== 'field-ignored')
    .map(({ endpoint, reason, detail }) => ({ resource: nameOf(wanted), endpoint, reason, detail }));
}

function nameOf({ resource: { kind, namespace, name } }: WantedEndpoints | WantedPolicy): string {
  return `${kind} ${namespace}/${name}`;
}
