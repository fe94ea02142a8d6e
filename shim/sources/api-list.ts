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

/** Reads the list of devices in an API's answer; `base` is told when it has none. */
export function readApiList(
  answer: unknown,
  key: 'devices' | 'nodes',
  parseEntry: (entry: unknown) => ParsedEntry,
  base: string,
): Answer<DeviceAnswer> {
  const list = parseDeviceList(answer, key, parseEntry);
  if (typeof list !== 'string') {
    const rejected = list.rejections.map((rejection) => rejectionToRejectedDevice(rejection));
    return { ok: true, value: { devices: list.devices, rejected } };
  }
  return {
    ok: false,
    failure: {
      reason: 'invalid-answer',
      detail: `the answer of ${base} is no list of devices: ${list}`,
    },
  };
}
