import { setImmediate as turn } from 'node:timers/promises';
import { parseDeviceList, rejectionToRejectedDevice, type ParsedEntry } from './device-list.ts';
import type { Answer } from './json-request.ts';
import type { DeviceAnswer } from './poll-loop.ts';

/**
 * An API's address as the start of every other: without a slash at its end, and without the `/api/v2` that some add.
 * Throws when it is no address.
 */
export function apiBase(apiUrl: string): string {
  const { origin, pathname } = new URL(apiUrl);
  return `${origin}${pathname}`.replace(/\/+$/, '').replace(/\/api\/v\d+$/, '');
}

/** Entries that are read in one go: few enough that streams and hooks are served in between. */
const sliceEntries = 500;

/** Entries of an answer that is still believed: as many as a call of the function takes. */
const maxEntries = 100_000;

/**
 * Reads the list of devices in an API's answer, in slices: a long one holds nobody up. `base` is told when it has none, or
 * one that is too long.
 */
export async function readApiList(
  answer: unknown,
  key: 'devices' | 'nodes',
  parseEntry: (entry: unknown) => ParsedEntry,
  base: string,
): Promise<Answer<DeviceAnswer>> {
  const entries = entriesOf(answer, key);
  if (entries.length > maxEntries) {
    const detail = `the answer of ${base} lists ${entries.length} ${key}, and at most ${maxEntries} are read: check the API address`;
    return { ok: false, failure: { reason: 'invalid-answer', detail } };
  }
  const parsed = new Map<unknown, ParsedEntry>();
  for (const [index, entry] of entries.entries()) {
    parsed.set(entry, parseEntry(entry));
    if (index % sliceEntries === sliceEntries - 1) await turn();
  }
  const list = parseDeviceList(answer, key, (entry) => parsed.get(entry) ?? parseEntry(entry));
  if (typeof list !== 'string') {
    const rejected = list.rejections.map((rejection) => rejectionToRejectedDevice(rejection));
    return { ok: true, value: { devices: list.devices, rejected } };
  }
  const detail = `the answer of ${base} is no list of devices: ${list}`;
  return { ok: false, failure: { reason: 'invalid-answer', detail } };
}

function entriesOf(answer: unknown, key: string): readonly unknown[] {
  const entries = (Object(answer) as Record<string, unknown>)[key];
  return Array.isArray(entries) ? entries : [];
}
