import { formatRefusalReason } from './refusal-reason.ts';
import { type Problem, summarize } from './status-condition.ts';
import { type StatusInput, outcomesOf } from './status-input.ts';

/** What is wrong with the resource, by itself or beside others. */
export function findRefusals(input: StatusInput): Problem[] {
  const refused = input.findings.filter(({ effect }) => effect !== 'field-ignored');
  const decided = input.endpoints.flatMap((endpoint): Problem[] => {
    const name = endpoint.ref?.endpoint ?? '';
    const decision = input.decisionOf(endpoint);
    if (decision.kind === 'refused') {
      const { reason, detail } = decision.refused;
      return [{ reason: formatRefusalReason(reason), detail: `endpoint "${name}": ${detail}` }];
    }
    const conflict = outcomesOf(input, endpoint).find(({ reason }) => reason === 'Conflicted');
    return conflict === undefined
      ? []
      : [{ reason: conflict.reason, detail: `endpoint "${name}" on ${conflict.listener}: ${conflict.detail}` }];
  });
  return [...refused, ...decided];
}

/** What has no effect, though all else is as it should be. */
export function ignoredFields({ findings }: StatusInput): Problem | undefined {
  const ignored = findings.filter(({ effect }) => effect === 'field-ignored');
  return ignored.length === 0 ? undefined : { reason: 'FieldsIgnored', detail: summarize(ignored) };
}
