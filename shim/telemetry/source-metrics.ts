import type { Metrics } from './metrics.ts';
import type { DeviceStoreStatus } from '../sources/device-store.ts';

/** How the reading of devices goes at one source. */
export interface SourceReading {
  /** `tailscale`, `headscale` or `file`. */
  readonly source: string;
  /** `namespace/name` of the TailscaleTailnet; absent: the source of the settings. */
  readonly tailnet?: string;
  readonly status: DeviceStoreStatus;
}

/** Copies what is known of the sources into their metrics; called before each scrape, since ages grow by themselves. */
export function copySourceStatuses(metrics: Metrics, readings: readonly SourceReading[]): void {
  for (const metric of [metrics.polls, metrics.holds, metrics.held, metrics.known, metrics.syncAge]) metric.reset();
  for (const reading of readings) copySourceStatus(metrics, reading);
}

function copySourceStatus(metrics: Metrics, { source, tailnet, status }: SourceReading): void {
  const { totals, lastSuccessAgeMs, heldSinceMs } = status;
  const from = tailnet === undefined ? { source } : { source, tailnet };
  metrics.polls.inc({ ...from, result: 'ok' }, totals.answers);
  for (const [result, n] of Object.entries(totals.failures)) metrics.polls.inc({ ...from, result }, n);
  for (const [cause, n] of Object.entries(totals.holds)) metrics.holds.inc({ ...from, cause, outcome: 'held' }, n);
  for (const [cause, n] of Object.entries(totals.holdsBelieved)) {
    metrics.holds.inc({ ...from, cause, outcome: 'believed' }, n);
  }
  metrics.held.set(from, heldSinceMs === undefined ? 0 : 1);
  metrics.known.set({ ...from, state: 'known' }, status.devices);
  metrics.known.set({ ...from, state: 'rejected' }, status.rejected);
  if (lastSuccessAgeMs !== undefined) metrics.syncAge.set(from, lastSuccessAgeMs / 1000);
}
