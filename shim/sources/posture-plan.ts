import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Attributes } from './device-attributes.ts';
import type { RejectedDevice } from './device-source.ts';

/** What is known of one device's attributes. */
export interface KnownAttributes {
  readonly attributes: Attributes;
  /** How the device was listed when they were read. */
  readonly listing: string;
  /** -Infinity: never in this run. */
  readonly readAtMs: number;
  /** Before this they are not asked for, since they could not be read. */
  readonly notBeforeMs: number;
  readonly listedAtMs: number;
  /** What of the last answer could not be used; of a failure other than an invalid answer, what was before. */
  readonly rejected: readonly RejectedDevice[];
  /** Since when the answers are empty although attributes are known; absent: they are not. */
  readonly emptySinceMs?: number;
}

/** How many requests attributes may cost. */
export interface AttributesLimits {
  /** How many known devices are read again at each poll, at least. Small tailnets are thus as fresh as their polls. */
  readonly perPoll: number;
  /** How old attributes may get; on large tailnets this makes a poll read more than `perPoll`. */
  readonly maxAgeMs: number;
  readonly pollIntervalMs: number;
}

/** A device whose attributes are to be read, and how it is listed. */
export interface DueAttributes {
  readonly device: Device;
  readonly listing: string;
  /** Whether nothing is known yet, neither from this run nor from a former one. */
  readonly isNew: boolean;
}

/**
 * Chooses whose attributes are read at this poll: every device that is new or listed otherwise than before, and of the
 * others those that were read longest ago.
 */
export function planAttributes(
  wanted: readonly Device[],
  known: ReadonlyMap<string, KnownAttributes>,
  nowMs: number,
  { perPoll, maxAgeMs, pollIntervalMs }: AttributesLimits,
): readonly DueAttributes[] {
  const due = wanted
    .map((device) => ({ device, listing: listingOf(device), known: known.get(device.id) }))
    .filter(({ known }) => known === undefined || known.notBeforeMs <= nowMs);
  const urgent = due.filter(({ known, listing }) => known?.listing !== listing);
  const count = Math.max(perPoll, Math.ceil((wanted.length * pollIntervalMs) / maxAgeMs));
  const oldest = due
    .filter(({ known, listing }) => known?.listing === listing)
    .toSorted((a, b) => (a.known?.readAtMs ?? 0) - (b.known?.readAtMs ?? 0))
    .slice(0, count);
  return [...urgent, ...oldest].map(({ device, listing, known }) => ({ device, listing, isNew: isUnknown(known) }));
}

function isUnknown(known: KnownAttributes | undefined): boolean {
  return known === undefined || (known.readAtMs === -Infinity && Object.keys(known.attributes).length === 0);
}

/** What of a listed device, when it changes, makes its attributes worth a look; coming and going online does not. */
function listingOf({ name, addresses, tags, authorized }: Device): string {
  return JSON.stringify([name, addresses, tags, authorized]);
}
