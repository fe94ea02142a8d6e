import { create } from '@bufbuild/protobuf';
import { DeviceSchema, type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';

/** What an answer has lost of the devices that were believed in. */
export interface Loss {
  /** Devices that were believed in, and those of them that were not offline. */
  readonly had: number;
  readonly online: number;
  /** Those that are not listed any more, as they were. */
  readonly gone: readonly Device[];
  /** How many of those were not offline. */
  readonly goneOnline: number;
  /** Those that are listed, but offline now, as they were. */
  readonly offline: readonly Device[];
}

/**
 * The fewest devices that must be lost at once for it to be suspicious that they are offline: a single one is turned off
 * every day, and who has only one gains nothing by keeping it.
 */
const fewestOffline = 2;

/** Compares an answer with what was believed before. */
export function findLoss(
  base: readonly Device[],
  answer: readonly Device[],
  isOffline: (device: Device) => boolean,
): Loss {
  const listed = new Map(answer.map((device) => [device.id, device]));
  const online = base.filter((device) => !isOffline(device));
  const gone = base.filter(({ id }) => !listed.has(id));
  return {
    had: base.length,
    online: online.length,
    gone,
    goneOnline: online.filter(({ id }) => !listed.has(id)).length,
    offline: online.filter(({ id }) => {
      const device = listed.get(id);
      return device !== undefined && isOffline(device);
    }),
  };
}

/**
 * Whether more than half of the devices are gone; and whether more than half of those that were not offline are lost,
 * at least two, by being called offline, with those that are gone besides.
 */
export function isTooMany({ had, online, gone, goneOnline, offline }: Loss): {
  readonly gone: boolean;
  readonly offline: boolean;
} {
  const lost = goneOnline + offline.length;
  return {
    gone: gone.length * 2 > had,
    offline: offline.length > 0 && lost >= fewestOffline && lost * 2 > online,
  };
}

/**
 * The answer with what it has lost: the devices that are gone, but for who has lost the address to another, and those
 * that are called offline connected as they were, in all else as the answer has them.
 */
export function withLost(answer: readonly Device[], { gone, offline }: Loss): readonly Device[] {
  const before = new Map(offline.map((device) => [device.id, device]));
  const listed = answer.map((device) => {
    const known = before.get(device.id);
    return known === undefined ? device : connectedAs(device, known);
  });
  const taken = new Set(listed.flatMap(({ addresses }) => addresses));
  return [...listed, ...gone.filter(({ addresses }) => !addresses.some((address) => taken.has(address)))];
}

function connectedAs(device: Device, { online, lastSeen }: Device): Device {
  const { online: _, lastSeen: __, ...rest } = device;
  return create(DeviceSchema, {
    ...rest,
    ...(online === undefined ? {} : { online }),
    ...(lastSeen === undefined ? {} : { lastSeen }),
  });
}
