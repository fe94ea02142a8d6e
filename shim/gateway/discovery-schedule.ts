import { durationToMs } from '../custom-resources/field-schemas.ts';
import type { AutoDiscoverySpec } from '../custom-resources/tailscale-endpoints-schema.ts';
import type { Clock } from '../timing/clock.ts';

/** When which resource discovers its endpoints anew. */
export interface DiscoverySchedule {
  /** A resource was discovered right now, and is from now on as it says; undefined: it discovers nothing. */
  set(key: string, spec: AutoDiscoverySpec | undefined): void;
  /** Other devices count from now on. */
  devicesChanged(): void;
  close(): void;
}

/** What a schedule is made of. */
export interface DiscoveryScheduleOptions {
  readonly clock: Clock;
  readonly onDue: (key: string) => void;
}

interface Entry {
  readonly intervalMs: number;
  lastMs: number;
  /** Present while a discovery is to come. */
  disarm?: (() => void) | undefined;
}

/**
 * Discovers at once when devices change, but not sooner than `syncInterval` after the last time. What was discovered before
 * any devices were known does not count as a time.
 */
export function createDiscoverySchedule({ clock, onDue }: DiscoveryScheduleOptions): DiscoverySchedule {
  const entries = new Map<string, Entry>();
  let known = false;
  const due = (key: string, entry: Entry) => {
    entry.disarm = undefined;
    entry.lastMs = clock.monotonicMs();
    onDue(key);
  };
  return {
    set(key, spec) {
      entries.get(key)?.disarm?.();
      if (spec === undefined) {
        entries.delete(key);
        return;
      }
      const intervalMs = spec.syncInterval === undefined ? 0 : durationToMs(spec.syncInterval);
      entries.set(key, { intervalMs, lastMs: known ? clock.monotonicMs() : Number.NEGATIVE_INFINITY });
    },
    devicesChanged() {
      known = true;
      for (const [key, entry] of entries) {
        if (entry.disarm !== undefined) continue;
        const waitMs = entry.lastMs + entry.intervalMs - clock.monotonicMs();
        if (waitMs > 0) entry.disarm = clock.setTimeout(() => due(key, entry), waitMs);
        else due(key, entry);
      }
    },
    close() {
      for (const { disarm } of entries.values()) disarm?.();
      entries.clear();
    },
  };
}
