import { type DeviceCounts, refusedKey } from './device-counts.ts';
import type { Log } from './log.ts';

/** Warns of groups that lose most of what serves them, whatever the reason. */
export interface LossReport {
  /** Groups that were computed anew, with what they had before (absent: they are new) and what they have. */
  tell(
    changed: readonly { readonly group: string; readonly before?: DeviceCounts; readonly after: DeviceCounts }[],
  ): void;
}

/** A device that goes is told as one that is left out: only more of them at once are a warning. */
const fewestLost = 2;

/** How many groups one line names. */
const namedGroups = 10;

/**
 * One line for each computation that takes more than half of its devices from a group. A source holds what it may be lied
 * to about; this is for the rest: authorizations, tags and keys that are taken away count at once, and whoever did so by
 * mistake is to find it.
 */
export function createLossReport(log: Log): LossReport {
  return {
    tell(changed) {
      const lost = changed.flatMap(({ group, before, after }) => {
        const [had, used] = [before?.get('used') ?? 0, after.get('used') ?? 0];
        const isMost = had - used >= fewestLost && (had - used) * 2 > had;
        return isMost && before !== undefined ? [{ group, had, used, reasons: moreThan(before, after) }] : [];
      });
      if (lost.length === 0) return;
      const groups = lost.slice(0, namedGroups).map(({ group }) => group);
      const more = lost.length > namedGroups ? { more: lost.length - namedGroups } : {};
      log.warn(
        { had: sum(lost, 'had'), used: sum(lost, 'used'), reasons: merge(lost), groups, ...more },
        'most devices of a group serve it no longer',
      );
    },
  };
}

interface GroupLoss {
  readonly had: number;
  readonly used: number;
  readonly reasons: DeviceCounts;
}

/** The reasons for which more devices are left out than before. Who is not selected any more has none. */
function moreThan(before: DeviceCounts, after: DeviceCounts): DeviceCounts {
  const rise = [...after].map(([reason, n]) => [reason, n - (before.get(reason) ?? 0)] as const);
  return new Map(rise.filter(([reason, n]) => reason !== 'used' && reason !== refusedKey && n > 0));
}

function sum(losses: readonly GroupLoss[], what: 'had' | 'used'): number {
  return losses.reduce((total, loss) => total + loss[what], 0);
}

function merge(losses: readonly GroupLoss[]): Readonly<Record<string, number>> {
  const reasons: Record<string, number> = {};
  for (const loss of losses) {
    for (const [reason, n] of loss.reasons) reasons[reason] = (reasons[reason] ?? 0) + n;
  }
  return reasons;
}
