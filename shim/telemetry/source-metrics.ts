import type { Metrics } from './metrics.ts';
import type { DeviceStoreStatus } from '../sources/device-store.ts';

/** Copies what is known of a source into its metrics; called before each scrape, since ages grow by themselves. */
export function copySourceStatus(metrics: Metrics, source: string, status: DeviceStoreStatus, nowMs: number): void {
  const { totals, lastSuccessAtMs, heldSinceMs } = status;
  metrics.polls.reset();
  metrics.polls.inc({ source, result: 'ok' }, totals.answers);
  for (const [result, n] of Object.entries(totals.failures)) metrics.polls.inc({ source, result }, n);
  metrics.holds.reset();
  metrics.holds.inc({ source, outcome: 'held' }, totals.holds);
  metrics.holds.inc({ source, outcome: 'believed' }, totals.holdsBelieved);
  metrics.held.set({ source }, heldSinceMs === undefined ? 0 : 1);
  metrics.known.set({ source, state: 'known' }, status.devices);
  metrics.known.set({ source, state: 'rejected' }, status.rejected);
  if (lastSuccessAtMs !== undefined) metrics.syncAge.set({ source }, (nowMs - lastSuccessAtMs) / 1000);
}
