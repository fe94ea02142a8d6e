import { ExclusionReasonSchema, type GroupResult } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { GroupStatus } from './shim-status.ts';

/** Counts what became of the devices of one group. */
export function buildGroupStatus({ name, localities, excluded, refused }: GroupResult): GroupStatus {
  const reasons: Record<string, number> = {};
  for (const { reason } of excluded) {
    const word = (ExclusionReasonSchema.value[reason]?.localName ?? 'unknown').toLowerCase();
    reasons[word] = (reasons[word] ?? 0) + 1;
  }
  return {
    name,
    localities: localities.length,
    endpoints: localities.reduce((sum, { endpoints }) => sum + endpoints.length, 0),
    excluded: reasons,
    refused: refused.length,
  };
}
