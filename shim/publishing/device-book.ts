import { toBinary } from '@bufbuild/protobuf';
import type { Group } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type Device, DeviceSchema } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { isSameValue } from '../same-value.ts';
import { trimDevice } from './trim-device.ts';

/** The devices that count now, filed under their tags. */
export interface DeviceBook {
  /** Puts a list in the place of the one before. Gives what is different for groups, each device compared once. */
  set(devices: readonly Device[]): readonly DeviceChange[];
  /** The devices that a group selects, at the cost of its rarest tag's devices. */
  select(group: Group): readonly KnownDevice[];
}

/** A device that came, went or changed. */
export interface DeviceChange {
  readonly before: KnownDevice | undefined;
  readonly after: KnownDevice | undefined;
}

/** A device as functions get it. */
export interface KnownDevice {
  readonly device: Device;
  readonly tags: ReadonlySet<string>;
  /** Bytes that it has in a request. */
  readonly size: number;
}

interface FiledDevice extends KnownDevice {
  /** What it was made of. */
  readonly source: Device;
}

/** A book without devices. */
export function createDeviceBook(): DeviceBook {
  let all = new Map<string, FiledDevice>();
  const byTag = new Map<string, Set<FiledDevice>>();

  function remove(known: FiledDevice): void {
    for (const tag of known.tags) {
      const carriers = byTag.get(tag);
      carriers?.delete(known);
      if (carriers?.size === 0) byTag.delete(tag);
    }
  }

  function add(known: FiledDevice): void {
    for (const tag of known.tags) {
      const carriers = byTag.get(tag);
      if (carriers === undefined) byTag.set(tag, new Set([known]));
      else carriers.add(known);
    }
  }

  return {
    set(devices) {
      const next = new Map<string, FiledDevice>();
      const changes: DeviceChange[] = [];
      for (const source of devices) {
        const key = freeKey(next, source.id);
        const before = all.get(key);
        const after = readDevice(source, before);
        next.set(key, after);
        if (before === after) continue;
        if (before !== undefined) remove(before);
        add(after);
        changes.push({ before, after });
      }
      for (const [key, before] of all) {
        if (next.has(key)) continue;
        remove(before);
        changes.push({ before, after: undefined });
      }
      all = next;
      return changes;
    },
    select(group) {
      let rarest: { readonly size: number; [Symbol.iterator](): Iterator<FiledDevice> } | undefined;
      for (const tag of group.selectorTags) {
        const carriers = byTag.get(tag) ?? new Set<FiledDevice>();
        if (rarest === undefined || carriers.size < rarest.size) rarest = carriers;
      }
      return [...(rarest ?? all.values())].filter((known) => selects(group, known));
    },
  };
}

/** Whether a group selects a device, as the function does: all tags, and one of its tailnets. */
export function selects(group: Group, { device, tags }: KnownDevice): boolean {
  const isInTailnet = group.tailnets.length === 0 ? device.tailnet === '' : group.tailnets.includes(device.tailnet);
  return isInTailnet && group.selectorTags.every((tag) => tags.has(tag));
}

function readDevice(source: Device, before: FiledDevice | undefined): FiledDevice {
  // Mostly nothing at all is different.
  if (before !== undefined && isSameValue(before.source, source)) return before;
  const device = trimDevice(source);
  if (before !== undefined && isSameValue(before.device, device)) return before;
  return { source, device, size: toBinary(DeviceSchema, device).length, tags: new Set(device.tags) };
}

/** Identifiers are unique; should a source repeat one all the same, both devices count, as they do for the function. */
function freeKey(taken: ReadonlyMap<string, unknown>, id: string): string {
  let key = id;
  for (let n = 2; taken.has(key); n++) key = `${id}\0${n}`;
  return key;
}
