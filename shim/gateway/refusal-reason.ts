import { type RefusalReason, RefusalReasonSchema } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';

/** A reason of the contract as the reason of a condition: `InvalidTarget`. */
export function formatRefusalReason(reason: RefusalReason): string {
  const words = (RefusalReasonSchema.value[reason]?.localName ?? 'REFUSED').toLowerCase().split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
