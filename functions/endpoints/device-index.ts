import { type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { type Instant } from './instant.ts';
import { type PreparedDevice, prepareDevice } from './prepared-device.ts';

/** The devices, found by what groups select them by. */
export interface DeviceIndex {
  /**
   * The devices of these tailnets that carry all of these tags, in the given order; every one of them when there are no
   * tags. Without tailnets, those that name none.
   */
  select(tags: readonly string[], tailnets: readonly string[]): readonly PreparedDevice[];
}

interface IndexedDevice {
  readonly tags: ReadonlySet<string>;
  readonly prepared: PreparedDevice;
}

/** Reads every device once and files it under its tags, so that a group costs what its rarest tag has devices. */
export function indexDevices(devices: readonly Device[], now: Instant): DeviceIndex {
  const all: IndexedDevice[] = devices.map((device) => ({
    tags: new Set(device.tags),
    prepared: prepareDevice(device, now),
  }));
  const byTag = new Map<string, IndexedDevice[]>();
  for (const indexed of all) {
    for (const tag of indexed.tags) {
      const carriers = byTag.get(tag);
      if (carriers === undefined) {
        byTag.set(tag, [indexed]);
      } else {
        carriers.push(indexed);
      }
    }
  }
  return {
    select(tags, tailnets) {
      const wanted = new Set(tailnets.length === 0 ? [''] : tailnets);
      let rarest: readonly IndexedDevice[] = all;
      for (const tag of tags) {
        const carriers = byTag.get(tag) ?? [];
        rarest = carriers.length < rarest.length ? carriers : rarest;
      }
      return rarest
        .filter(({ tags: own, prepared }) => wanted.has(prepared.device.tailnet) && tags.every((tag) => own.has(tag)))
        .map(({ prepared }) => prepared);
    },
  };
}
