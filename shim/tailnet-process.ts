import type { Device } from '../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { createConfiguredSource } from './configured-source.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { devicesAreRead } from './settings/contradictions.ts';
import type { Settings } from './settings/definitions.ts';
import { copySourceStatus } from './telemetry/source-metrics.ts';
import type { Clock } from './sources/clock.ts';
import { type DeviceStoreStatus, createDeviceStore } from './sources/device-store.ts';
import { createStateFile } from './sources/state-file.ts';

/** The parts that know the devices of a tailnet: a source, its memory, and its memory on disk. */
export interface TailnetProcess {
  /** Reads the devices until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** The devices that count; undefined: not read yet, or never. */
  devices(): readonly Device[] | undefined;
  /** When they were read last, milliseconds since 1970; undefined: never. */
  lastSyncMs(): number | undefined;
  copyStatus(metrics: Metrics): void;
  /** How each source is doing, for people who look into a running shim. */
  statuses(): readonly { readonly name: string; readonly status: DeviceStoreStatus }[];
  /** Saves what is not saved yet. */
  close(): Promise<void>;
}

/** Builds the parts; nothing runs yet. Where no source is configured there are no devices, and that is known at once. */
export function createTailnetProcess(
  settings: Settings,
  parts: { readonly clock: Clock; readonly log: Log; readonly onChange: (devices: readonly Device[]) => void },
): TailnetProcess {
  const { clock, log, onChange } = parts;
  if (!devicesAreRead(settings)) {
    return {
      async run() {
        onChange([]);
      },
      devices: () => undefined,
      lastSyncMs: () => undefined,
      copyStatus: () => undefined,
      statuses: () => [],
      close: () => Promise.resolve(),
    };
  }
  const byId = createDeviceIndex();
  const { source, origin } = createConfiguredSource(settings, {
    clock,
    log,
    known: (deviceId) => byId(store.current()).get(deviceId),
  });
  const state =
    settings.stateDir === undefined ? undefined : createStateFile({ folder: settings.stateDir, origin, clock, log });
  const store = createDeviceStore({
    clock,
    log: log.child({ source: source.name }),
    holdMs: settings.holdEmpty,
    onChange(devices) {
      onChange(devices);
      state?.save(devices);
    },
  });
  return {
    async run(signal) {
      const restored = await state?.restore();
      if (restored !== undefined) store.restore(restored);
      await source.run(store, signal);
    },
    devices: store.current,
    lastSyncMs: () => store.status().lastSuccessAtMs,
    copyStatus: (metrics) => copySourceStatus(metrics, source.name, store.status(), clock.now()),
    statuses: () => [{ name: source.name, status: store.status() }],
    async close() {
      store.close();
      await state?.close();
    },
  };
}

/** An index of the list that was asked about last: a first reading asks about every device of one list. */
function createDeviceIndex(): (devices: readonly Device[] | undefined) => ReadonlyMap<string, Device> {
  let indexed: readonly Device[] | undefined;
  let index: ReadonlyMap<string, Device> = new Map();
  return (devices) => {
    if (devices !== indexed) {
      indexed = devices;
      index = new Map((devices ?? []).map((device) => [device.id, device]));
    }
    return index;
  };
}
