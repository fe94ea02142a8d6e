import { create } from '@bufbuild/protobuf';
import { type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';

/** What the keys of attributes that steer traffic begin with; others never leave the shim. */
const steeringPrefix = 'custom:lb-';

/**
 * A device with what decides about its place and share, and nothing else: what changes in the rest (another version of
 * its system, or when it was seen while its source says whether it is online) computes nothing anew.
 */
export function trimDevice(device: Device): Device {
  const { lastSeen, ...rest } = device;
  const attributes = Object.entries(device.attributes).filter(([key]) => key.startsWith(steeringPrefix));
  return create(DeviceSchema, {
    ...rest,
    ...(lastSeen === undefined || device.online !== undefined ? {} : { lastSeen }),
    attributes: Object.fromEntries(attributes),
  });
}
