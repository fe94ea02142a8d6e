import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Attributes } from './device-attributes.ts';

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
  const isNew = (each: (typeof due)[number]) => each.known === undefined || each.known.listing !== each.listing;
  const count = Math.max(perPoll, Math.ceil((wanted.length * pollIntervalMs) / maxAgeMs));
  const oldest = due
    .filter((each) => !isNew(each))
    .toSorted((a, b) => (a.known?.readAtMs ?? 0) - (b.known?.readAtMs ?? 0))
    .slice(0, count);
  return [...due.filter(isNew), ...oldest].map(({ device, listing }) => ({ device, listing }));
}

/** What of a listed device, when it changes, makes its attributes worth a look; coming and going online does not. */
function listingOf({ name, addresses, tags, authorized }: Device): string {
  return JSON.stringify([name, addresses, tags, authorized]);
}
