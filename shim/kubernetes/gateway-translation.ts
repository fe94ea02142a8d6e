import type { GatewayTranslation } from '../gateway/acknowledgement.ts';
import type { KubeObject } from './kube-object.ts';

/**
 * Reads the status of a TailscaleGatewayRevision, which is Envoy Gateway's: an ancestor with the condition Accepted, of the
 * generation that there is.
 *
 * https://gateway-api.sigs.k8s.io/reference/api-spec/main/spec/#policystatus
 */
export function readTranslation({ metadata, status }: KubeObject): GatewayTranslation {
  const { ancestors } = (status ?? {}) as { ancestors?: unknown };
  const conditions = (Array.isArray(ancestors) ? ancestors : []).flatMap(readConditions);
  const current = conditions.filter(
    ({ type, observedGeneration }) => type === 'Accepted' && observedGeneration === metadata.generation,
  );
  const refused = current.find(({ status }) => status === 'False');
  if (refused !== undefined) return { kind: 'refused', message: textOf(refused.message) || textOf(refused.reason) };
  return { kind: current.some(({ status }) => status === 'True') ? 'translated' : 'pending' };
}

/** What is read of a condition that others wrote. */
interface ReadCondition {
  readonly type?: unknown;
  readonly status?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly observedGeneration?: unknown;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function readConditions(ancestor: unknown): readonly ReadCondition[] {
  const { conditions } = (ancestor ?? {}) as { conditions?: unknown };
  return Array.isArray(conditions) ? conditions.filter((each) => typeof each === 'object' && each !== null) : [];
}
