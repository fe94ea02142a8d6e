import {
  type ComputeEndpointsResponse,
  type Exclusion,
  type ExclusionReason,
  ExclusionReasonSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Tells people and metrics what a computation decided. */
export interface ComputationReport {
  tell(answer: ComputeEndpointsResponse): void;
}

/** How many devices a computation names one by one; a broken answer can have thousands. */
const namedDevices = 20;

/** Logs each exclusion and refusal once, when it comes up, and counts all of them. */
export function createComputationReport(options: {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'devices' | 'refusals'>;
}): ComputationReport {
  const { log, metrics } = options;
  let told: ReadonlySet<string> = new Set();

  return {
    tell(answer) {
      const lines = answer.groups.flatMap((group) => [
        ...group.excluded.map((exclusion) => exclusionLine(group.name, exclusion)),
        ...group.refused.map(({ deviceId, subject, value, detail }) => ({
          message: 'a value is refused and counts as absent',
          fields: { group: group.name, device: deviceId, subject, value, detail },
        })),
      ]);
      const fresh = lines.filter((line) => !told.has(key(line)));
      for (const { message, fields } of fresh.slice(0, namedDevices)) log.info(fields, message);
      if (fresh.length > namedDevices) log.info({ more: fresh.length - namedDevices }, 'more devices are left out');
      told = new Set(lines.map(key));
      count(answer);
    },
  };

  function count(answer: ComputeEndpointsResponse): void {
    const reasons = new Map<string, number>();
    for (const group of answer.groups) {
      const used = group.localities.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
      reasons.set('used', (reasons.get('used') ?? 0) + used);
      for (const { reason } of group.excluded) reasons.set(label(reason), (reasons.get(label(reason)) ?? 0) + 1);
    }
    metrics.devices.reset();
    for (const [reason, n] of reasons) metrics.devices.set({ reason }, n);
    metrics.refusals.set(answer.groups.reduce((sum, { refused }) => sum + refused.length, 0));
  }
}

interface Line {
  readonly message: string;
  readonly fields: object;
}

function exclusionLine(group: string, { deviceId, deviceName, reason, detail }: Exclusion): Line {
  return {
    message: 'a device is left out',
    fields: { group, device: deviceId, name: deviceName, reason: label(reason), detail },
  };
}

function key({ message, fields }: Line): string {
  return `${message} ${JSON.stringify(fields)}`;
}

/** `UNAUTHORIZED` as metrics and logs have it: `unauthorized`. */
function label(reason: ExclusionReason): string {
  return (ExclusionReasonSchema.value[reason]?.localName ?? 'unknown').toLowerCase();
}
