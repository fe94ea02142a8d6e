import { type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { ExclusionReason } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { earlier, formatInstant, type Instant, timestampToInstant } from './instant.ts';

/** Why a device does not count, with a sentence for people. */
export interface Ineligibility {
  readonly reason: ExclusionReason;
  readonly detail: string;
}

/** What the device's own state says, before any group is looked at. */
export interface Eligibility {
  /** Absent: the device counts. */
  readonly ineligible?: Ineligibility;
  /** The first moment after now at which time alone changes this verdict; absent: never. */
  readonly changesAt: Instant | undefined;
}

/** A device that says only when it was connected last counts for so long after it. */
const lastSeenLimit: Instant = 300_000_000_000n;

/** Whether the device's source says that it is not connected, or has not been for long by now. */
export function isOffline(device: Device, now: Instant): boolean {
  const goesOffline = lastSeenDeadline(device);
  return device.online === false || (goesOffline !== undefined && goesOffline <= now);
}

/**
 * Decides whether a device can serve at all. Reasons are examined in the order of
 * {@link ExclusionReason}; the first that holds is given. A deadline has passed when it equals now.
 */
export function examineDevice(device: Device, now: Instant): Eligibility {
  if (!device.authorized) {
    return never(ExclusionReason.UNAUTHORIZED, 'The device waits for approval.');
  }
  const expires = keyExpiry(device);
  if (expires !== undefined && expires <= now) {
    return never(ExclusionReason.EXPIRED, `The device's key ended at ${formatInstant(expires)}.`);
  }
  if (device.external) {
    return until(expires, ExclusionReason.EXTERNAL, 'The device belongs to another tailnet.');
  }
  if (device.online === false) {
    return until(expires, ExclusionReason.OFFLINE, 'The device is reported as offline.');
  }
  const goesOffline = lastSeenDeadline(device);
  if (goesOffline !== undefined && goesOffline <= now) {
    const detail = `The device was last seen at ${formatInstant(goesOffline - lastSeenLimit)}, at least 5 minutes ago.`;
    return until(expires, ExclusionReason.OFFLINE, detail);
  }
  const changesAt = earlier(expires, goesOffline);
  if (device.blocksIncoming) {
    return until(changesAt, ExclusionReason.BLOCKS_INCOMING, 'The device refuses incoming connections (shields up).');
  }
  return { changesAt };
}

function keyExpiry(device: Device): Instant | undefined {
  return device.expires === undefined || device.keyExpiryDisabled ? undefined : timestampToInstant(device.expires);
}

/** When a device goes offline by being silent; a device whose source says `online` never does. */
function lastSeenDeadline(device: Device): Instant | undefined {
  return device.online !== undefined || device.lastSeen === undefined
    ? undefined
    : timestampToInstant(device.lastSeen) + lastSeenLimit;
}

function until(changesAt: Instant | undefined, reason: ExclusionReason, detail: string): Eligibility {
  return { ineligible: { reason, detail }, changesAt };
}

function never(reason: ExclusionReason, detail: string): Eligibility {
  return until(undefined, reason, detail);
}
