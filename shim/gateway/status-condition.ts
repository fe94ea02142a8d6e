import type { Condition } from '../custom-resources/status-schemas.ts';

/** A condition, but for the time that its status has held: who writes it knows what it was before. */
export type DesiredCondition = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'> & {
  readonly observedGeneration: number;
};

/** Why a condition does not hold. */
export interface Problem {
  readonly reason: string;
  readonly detail: string;
  /** Whether it may be gone without anybody doing anything. */
  readonly pending?: boolean;
}

/** A condition that holds unless there are problems; `remark` is told where it holds, else `message`. */
export function toCondition(
  observedGeneration: number,
  type: 'Accepted' | 'ResolvedRefs' | 'Programmed',
  problems: readonly Problem[],
  remark: Problem | undefined,
  message: string,
): DesiredCondition {
  const [first] = problems;
  if (first === undefined) {
    return {
      type,
      status: 'True',
      reason: remark?.reason ?? type,
      message: remark?.detail ?? message,
      observedGeneration,
    };
  }
  const isPending = problems.every(({ pending }) => pending === true);
  const lasting = problems.find(({ pending }) => pending !== true) ?? first;
  return {
    type,
    status: isPending ? 'Unknown' : 'False',
    reason: lasting.reason,
    message: summarize(problems),
    observedGeneration,
  };
}

/** Some sentences for people, not all that there may be. */
export function summarize(problems: readonly { readonly detail: string }[]): string {
  const details = [...new Set(problems.map(({ detail }) => detail.slice(0, 1000)))];
  const more = details.length > 10 ? `; and ${details.length - 10} more` : '';
  return details.slice(0, 10).join('; ') + more;
}
