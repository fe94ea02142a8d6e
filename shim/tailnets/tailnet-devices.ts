import { create } from '@bufbuild/protobuf';
import { type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';

/** The device as one of its tailnet: an identifier is unique only there. The same object for the same device. */
export type ToTailnetDevice = (device: Device) => Device;

/** Gives devices the name of their tailnet, and identifiers that no other tailnet's devices have. */
export function createTailnetDevices(tailnet: string): ToTailnetDevice {
  const known = new WeakMap<Device, Device>();
  return (device) => {
    const found = known.get(device);
    if (found !== undefined) return found;
    const made = create(DeviceSchema, { ...device, id: `${tailnet}/${device.id}`, tailnet });
    known.set(device, made);
    return made;
  };
}

/**
 * The devices of the settings' own source with those of TailscaleTailnets. A device of the settings keeps its identifier,
 * whatever somebody else's is.
 */
export function mergeDevices(configured: readonly Device[], others: readonly Device[]): readonly Device[] {
  if (others.length === 0) return configured;
  const taken = new Set(configured.map(({ id }) => id));
  return [...configured, ...others.filter(({ id }) => !taken.has(id))];
}
