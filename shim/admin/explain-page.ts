import type { Explanation } from '../extension/explanation.ts';
import type { GatewayStore } from '../gateway/gateway-state.ts';
import { type HttpAnswer, json } from '../probes/http-endpoints.ts';
import { buildResourcesStatus } from './resources-status.ts';
import type { RefusedStatus } from './shim-status.ts';

/** What was answered Envoy Gateway, and what of the resources does not count at all: the JSON of `/explain`. */
export interface FullExplanation extends Explanation {
  /** Absent where a shim is older than this field. */
  readonly refused?: readonly RefusedStatus[];
}

/** How many refused things are listed. */
const maxRefused = 1000;

/** Answers `/explain`; without a gateway, an empty object. */
export function createExplainPage(
  gateway: { readonly extension: { explain(): Explanation }; readonly store: GatewayStore } | undefined,
): () => HttpAnswer {
  return () => json(gateway === undefined ? {} : explainFully(gateway.extension.explain(), gateway.store));
}

/** Adds what does not count to an explanation. */
export function explainFully(explanation: Explanation, store: GatewayStore): FullExplanation {
  return { ...explanation, refused: buildResourcesStatus(store, maxRefused).refused.items };
}
