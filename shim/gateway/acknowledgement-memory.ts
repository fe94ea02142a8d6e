import type { Clock } from '../timing/clock.ts';
import type { ResourceAnswer } from '../xds/stream-subscription.ts';
import { type Acknowledgement, sumUpAnswers } from './acknowledgement.ts';

/** Sums up what Envoys have made of some content, of which the object itself is the identity. */
export type AcknowledgementMemory = (
  content: object | undefined,
  answers: readonly ResourceAnswer[],
) => Acknowledgement;

/** How long an Envoy that is away counts as having what it took: it goes on with it, and most come back. */
const lingerMs = 60_000;

/**
 * Remembers who has taken what: an Envoy that connects again has it already, though it has not said so on its new stream,
 * and statuses that count it are not to change with every connection.
 */
export function createAcknowledgementMemory({ clock }: { readonly clock: Clock }): AcknowledgementMemory {
  /** When each Envoy, by its identifier, was last known to have the content. */
  const memory = new WeakMap<object, Map<string, number>>();

  return (content, answers) => {
    if (content === undefined) return sumUpAnswers(answers);
    const nowMs = clock.monotonicMs();
    const taken = memory.get(content) ?? new Map<string, number>();
    memory.set(content, taken);
    for (const [nodeId, atMs] of taken) if (nowMs - atMs >= lingerMs) taken.delete(nodeId);
    for (const { kind, nodeId } of answers) if (kind === 'refused') taken.delete(nodeId);
    const known = answers.filter(({ kind, nodeId }) => kind !== 'pending' || !taken.has(nodeId));
    const remembered = [...taken.keys()].map((nodeId) => ({ kind: 'acknowledged', nodeId }) as const);
    const summary = sumUpAnswers([...known, ...remembered]);
    const behind = new Set(known.flatMap(({ kind, nodeId }) => (kind === 'acknowledged' ? [] : [nodeId])));
    for (const { kind, nodeId } of known) if (kind === 'acknowledged' && !behind.has(nodeId)) taken.set(nodeId, nowMs);
    return summary;
  };
}
