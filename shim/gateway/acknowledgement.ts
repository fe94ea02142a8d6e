import type { ResourceAnswer } from '../xds/stream-subscription.ts';

/** What the Envoys that ask this replica have made of the devices of a group. */
export interface Acknowledgement {
  /** How many have taken the newest. */
  readonly acknowledged: number;
  /** How many have not answered yet. */
  readonly pending: number;
  /** Those that refused it, in their own words. */
  readonly refused: readonly { readonly nodeId: string; readonly message: string }[];
}

/** What Envoy Gateway has made of the revision of a Gateway. */
export type GatewayTranslation =
  | { readonly kind: 'translated' }
  /** It has not looked at the newest yet, or does not know of such objects. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'refused'; readonly message: string };

/** Sums up what the subscribers of one name answered. An Envoy with several subscriptions counts once, by the worst of them. */
export function sumUpAnswers(answers: readonly ResourceAnswer[]): Acknowledgement {
  const worst = new Map<string, ResourceAnswer>();
  for (const answer of answers) {
    const before = worst.get(answer.nodeId);
    if (before === undefined || severity[answer.kind] > severity[before.kind]) worst.set(answer.nodeId, answer);
  }
  const all = [...worst.values()];
  return {
    acknowledged: all.filter(({ kind }) => kind === 'acknowledged').length,
    pending: all.filter(({ kind }) => kind === 'pending').length,
    refused: all.flatMap((answer) =>
      answer.kind === 'refused' ? [{ nodeId: answer.nodeId, message: answer.message }] : [],
    ),
  };
}

const severity = { acknowledged: 0, pending: 1, refused: 2 } as const satisfies Record<ResourceAnswer['kind'], number>;
