import {
  type ExclusionReason,
  ExclusionReasonSchema,
  type GroupResult,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** Numbers of a group's devices: `used`, and those left out by reason; beside them, how many values were refused. */
export type DeviceCounts = ReadonlyMap<string, number>;

/** Where refusals are counted beside the reasons; no reason is named so. */
export const refusedKey = '(refused)';

/** Counts what became of a group's devices. */
export function countDevices({ localities, excluded, refused }: GroupResult): DeviceCounts {
  const counts = new Map([['used', localities.reduce((sum, { endpoints }) => sum + endpoints.length, 0)]]);
  for (const { reason } of excluded) {
    const name = formatReason(reason);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts.set(refusedKey, refused.length);
}

/** `UNAUTHORIZED` as metrics and logs have it: `unauthorized`. */
export function formatReason(reason: ExclusionReason): string {
  return (ExclusionReasonSchema.value[reason]?.localName ?? 'unknown').toLowerCase();
}
