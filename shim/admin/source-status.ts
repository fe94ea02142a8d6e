import type { DeviceStoreStatus } from '../sources/device-store.ts';
import type { SourceStatus } from './shim-status.ts';

/** What is known of a source, for people and scripts. */
export function buildSourceStatus(name: string, status: DeviceStoreStatus): SourceStatus {
  const { synced, devices, rejected, lastSuccessAtMs, failure, heldSinceMs, heldCause } = status;
  return {
    name,
    synced,
    devices,
    rejected,
    ...(lastSuccessAtMs === undefined ? {} : { lastSyncAt: formatTime(lastSuccessAtMs) }),
    ...(failure === undefined
      ? {}
      : { failure: { since: formatTime(failure.sinceMs), reason: failure.reason, detail: failure.detail } }),
    ...(heldSinceMs === undefined ? {} : { heldSince: formatTime(heldSinceMs) }),
    ...(heldCause === undefined ? {} : { heldCause }),
  };
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}
