import { type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { compareText } from '../compare-text.ts';
import { createDeviceAddresses, type DeviceAddresses } from './device-address.ts';
import { type Eligibility, examineDevice } from './device-eligibility.ts';
import { type DeviceSettings, readDeviceSettings } from './device-settings.ts';
import { type Instant } from './instant.ts';
import { type DeviceTag } from './locality-tag.ts';
import { parseTagWeight } from './tag-weight.ts';

/** A device with all that is the same for every group. */
export interface PreparedDevice {
  readonly device: Device;
  readonly eligibility: Eligibility;
  /** Each tag once, ordered by text. */
  readonly tags: readonly DeviceTag[];
  readonly addresses: DeviceAddresses;
  readonly settings: DeviceSettings;
}

/** Reads a device once, for all groups that select it. */
export function prepareDevice(device: Device, now: Instant): PreparedDevice {
  const tags = [...new Set(device.tags)].toSorted(compareText);
  return {
    device,
    eligibility: examineDevice(device, now),
    tags: tags.map((text) => ({ text, weight: parseTagWeight(text) })),
    addresses: createDeviceAddresses(device.addresses),
    settings: readDeviceSettings(device, now),
  };
}
