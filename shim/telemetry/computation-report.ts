import type { Exclusion, GroupResult } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { ComputedGroups } from '../publishing/computed-groups.ts';
import { countDevices, type DeviceCounts, formatReason, refusedKey } from './device-counts.ts';
import type { Log } from './log.ts';
import { createLossReport } from './loss-report.ts';
import type { Metrics } from './metrics.ts';

/** Tells people and metrics what a computation decided. */
export interface ComputationReport {
  /** Costs what the changed groups hold, however many others there are. */
  tell(computed: Pick<ComputedGroups, 'changed' | 'gone'>): void;
}

/** How many devices a computation names one by one; a broken answer can have thousands. */
const namedDevices = 20;

/**
 * Logs each exclusion and refusal once, when it comes up, and counts all of them. Warns when most of a group are left out.
 *
 * @param options.sidecarGroup the group that sidecars get; absent: they get none
 */
export function createComputationReport(options: {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'devices' | 'refusals'>;
  readonly sidecarGroup: string | undefined;
}): ComputationReport {
  const { log, metrics, sidecarGroup } = options;
  const told = new Map<string, ReadonlySet<string>>();
  const losses = createLossReport(log);
  const counted = new Map<string, DeviceCounts>();
  const totalsFor = { sidecars: new Map<string, number>(), gateways: new Map<string, number>() };

  function count(group: string, next: DeviceCounts): void {
    const totals = totalsFor[group === sidecarGroup ? 'sidecars' : 'gateways'];
    for (const [reason, n] of counted.get(group) ?? []) totals.set(reason, (totals.get(reason) ?? 0) - n);
    for (const [reason, n] of next) totals.set(reason, (totals.get(reason) ?? 0) + n);
    if (next.size === 0) counted.delete(group);
    else counted.set(group, next);
  }

  /** The lines of a group that it had not before. */
  function news(result: GroupResult): Line[] {
    const before = told.get(result.name);
    const lines = groupLines(result).map((line) => [key(line), line] as const);
    if (lines.length === 0) told.delete(result.name);
    else told.set(result.name, new Set(lines.map(([key]) => key)));
    return lines.flatMap(([key, line]) => (before?.has(key) === true ? [] : [line]));
  }

  return {
    tell({ changed, gone }) {
      const fresh = changed.flatMap(news);
      for (const { message, fields } of fresh.slice(0, namedDevices)) log.info(fields, message);
      if (fresh.length > namedDevices) log.info({ more: fresh.length - namedDevices }, 'more devices are left out');
      const counts = changed.map((result) => {
        const before = counted.get(result.name);
        const after = countDevices(result);
        count(result.name, after);
        return { group: result.name, after, ...(before === undefined ? {} : { before }) };
      });
      losses.tell(counts);
      for (const name of gone) {
        told.delete(name);
        count(name, new Map());
      }
      metrics.devices.reset();
      let refusals = 0;
      for (const [consumer, totals] of Object.entries(totalsFor)) {
        for (const [reason, n] of totals) {
          if (reason === refusedKey) refusals += n;
          else if (reason === 'used' || n > 0) metrics.devices.set({ consumer, reason }, n);
        }
      }
      metrics.refusals.set(refusals);
    },
  };
}

interface Line {
  readonly message: string;
  readonly fields: object;
}

function groupLines({ name, excluded, refused }: GroupResult): Line[] {
  return [
    ...excluded.map((exclusion) => exclusionLine(name, exclusion)),
    ...refused.map(({ deviceId, subject, value, detail }) => ({
      message: 'a value is refused and counts as absent',
      fields: { group: name, device: deviceId, subject, value, detail },
    })),
  ];
}

function exclusionLine(group: string, { deviceId, deviceName, reason, detail }: Exclusion): Line {
  return {
    message: 'a device is left out',
    fields: { group, device: deviceId, name: deviceName, reason: formatReason(reason), detail },
  };
}

function key({ message, fields }: Line): string {
  return `${message} ${JSON.stringify(fields)}`;
}
