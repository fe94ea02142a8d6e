import type { z } from 'zod';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { RejectedDevice } from './device-source.ts';

/** Names and numbers from the top of an answer to a place in it: `['devices', 3, 'addresses', 0]`. */
export type Path = readonly (string | number)[];

/** Something in an answer that cannot be used. */
export interface Rejection {
  readonly path: Path;
  /** What is wrong and what would be right. */
  readonly detail: string;
  /** The device's name, where it can be read. */
  readonly name?: string;
  /** Set only where the whole device is rejected; see {@link RejectedDevice.id}. */
  readonly id?: string;
}

/** What one entry of an answer came to. Paths are relative to the entry. */
export interface ParsedEntry {
  readonly device?: Device;
  readonly rejections: readonly Rejection[];
  /** What stands for the device's identifier where the entry has none. */
  readonly standIn?: 'name' | 'address';
}

/** What a whole answer came to. */
export interface ParsedList {
  readonly devices: readonly Device[];
  readonly rejections: readonly Rejection[];
}

/** The file, line and column of a place, where they can be told. */
export type Where = (path: Path) => string | undefined;

/**
 * Reads the list `key` of an answer entry by entry, so that a bad one harms nobody but itself. A string says why the
 * answer as a whole is none: it is no object, has no such list, or nothing in the list can be read.
 */
export function parseDeviceList(
  answer: unknown,
  key: 'devices' | 'nodes',
  parseEntry: (entry: unknown) => ParsedEntry,
  where?: Where,
): ParsedList | string {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    return `it is no object; expected {"${key}": […]}`;
  }
  const entries: unknown = (answer as Record<string, unknown>)[key];
  if (!Array.isArray(entries)) return `it has no list \`${key}\`; expected {"${key}": […]}`;

  const devices: Device[] = [];
  const rejections: Rejection[] = [];
  const indexById = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const { device, rejections: own, standIn } = parseEntry(entry);
    for (const each of own) rejections.push({ ...each, path: [key, index, ...each.path] });
    if (device === undefined) continue;
    const twin = indexById.get(device.id);
    if (twin === undefined) {
      indexById.set(device.id, index);
      devices.push(device);
    } else {
      const detail = explainTwin(device, standIn, `${key}[${twin}]`);
      rejections.push({ path: [key, index], name: device.name, detail });
    }
  }
  const [first, ...others] = rejections;
  if (devices.length === 0 && first !== undefined) {
    const { place, detail } = rejectionToRejectedDevice(first, where);
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    return `none of its ${entries.length} ${key} can be read: ${place}: ${detail}${more}`;
  }
  return { devices, rejections };
}

function explainTwin({ id }: Device, standIn: ParsedEntry['standIn'], twin: string): string {
  if (standIn === undefined) return `has the same id as ${twin}; give each its own`;
  const remedy = 'give each an `id` of its own';
  return `has no id, and its ${standIn} (${JSON.stringify(id.slice(0, 80))}) stands for one, which ${twin} has already; ${remedy}`;
}

/** Tells a rejection to people; `where` adds file and line. */
export function rejectionToRejectedDevice(rejection: Rejection, where?: Where): RejectedDevice {
  const position = where?.(rejection.path);
  return {
    place: position === undefined ? placeOf(rejection) : `${placeOf(rejection)} at ${position}`,
    detail: rejection.detail,
    ...(rejection.id === undefined ? {} : { id: rejection.id }),
  };
}

/** What an entry that fails its schema is rejected for: the first of its issues, and how many more there are. */
export function zodErrorToRejection(error: z.ZodError, identity: Pick<Rejection, 'id' | 'name'>): Rejection {
  const [first, ...others] = error.issues;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const path = (first?.path ?? []).map((key) => (typeof key === 'number' ? key : String(key)));
  return { ...identity, path, detail: `${first?.message ?? 'is invalid'}${more}` };
}

/** `devices[3].addresses[0] (web-1)`. */
function placeOf({ path, name }: Rejection): string {
  const place = path.map((key, depth) => {
    if (typeof key === 'number') return `[${key}]`;
    if (/^\w+$/.test(key)) return depth === 0 ? key : `.${key}`;
    return `[${JSON.stringify(key.slice(0, 80))}]`;
  });
  return name === undefined || name === '' ? place.join('') : `${place.join('')} (${name.slice(0, 80).toWellFormed()})`;
}
