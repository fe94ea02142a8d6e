import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Clock } from '../timing/clock.ts';
import type { DeviceSource, RejectedDevice, SourceFailure } from '../sources/device-source.ts';
import { createDeviceStore, type DeviceStoreStatus } from '../sources/device-store.ts';
import { runLastingSource } from '../sources/lasting-source.ts';
import { createStateFile } from '../sources/state-file.ts';
import type { Log } from '../telemetry/log.ts';

/** What is known of one tailnet: the memory of its devices, here and on disk, behind whatever source reads them. */
export interface TailnetReader {
  /** Begins with what a former run left on disk. Once, before the first source runs. It never rejects. */
  restore(): Promise<void>;
  /**
   * Reads by the source that `create` makes until `signal` aborts, and by another one where it ends by a fault, which is
   * told in the status. One after another, never two at a time. It never rejects.
   */
  run(create: () => DeviceSource, signal: AbortSignal): Promise<void>;
  /** There is no source, for want of something: what is known stays. */
  failed(failure: SourceFailure): void;
  /** The devices that count, as the source names them; undefined: not read yet. */
  devices(): readonly Device[] | undefined;
  /** A device by the source's identifier, as it was known last. */
  known(deviceId: string): Device | undefined;
  status(): DeviceStoreStatus;
  /** Saves what is not saved yet. */
  close(): Promise<void>;
}

/** What a reader is made of. */
export interface TailnetReaderOptions {
  /** What the devices belong to, without any secret: another origin's saved devices are not restored. */
  readonly origin: string;
  /** Where the last good devices are saved; absent: nowhere. */
  readonly stateFile?: { readonly folder: string; readonly name?: string };
  /** How long a suspicious answer is held. */
  readonly holdMs: number;
  /** Whether a first answer without anybody is a user's own word; default: no. */
  readonly trustsFirst?: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes what is not to count out of every list, that of a former run included; absent: all counts. */
  readonly admit?: (devices: readonly Device[]) => AdmittedDevices;
  /** The devices are others now, or known for the first time. */
  readonly onDevices: (devices: readonly Device[]) => void;
  /** The source was read, or could not be; the devices may be the same. */
  readonly onRead?: () => void;
}

/** What is left of a list, and what was taken out. */
export interface AdmittedDevices {
  readonly devices: readonly Device[];
  readonly rejected: readonly RejectedDevice[];
}

/** A reader that knows nothing yet. */
export function createTailnetReader(options: TailnetReaderOptions): TailnetReader {
  const { origin, stateFile, holdMs, trustsFirst = false, clock, log, onDevices, onRead = () => undefined } = options;
  const admit = options.admit ?? ((devices) => ({ devices, rejected: [] }));
  const state = stateFile === undefined ? undefined : createStateFile({ ...stateFile, origin, clock, log });
  const store = createDeviceStore({
    clock,
    log,
    holdMs,
    trustsFirst,
    onChange(devices) {
      onDevices(devices);
      state?.save(devices);
    },
  });
  const byId = createDeviceIndex();
  const sink = {
    devices(devices: readonly Device[], rejected: readonly RejectedDevice[]) {
      const admitted = admit(devices);
      store.devices(admitted.devices, [...rejected, ...admitted.rejected]);
      onRead();
    },
    confirmed() {
      store.confirmed();
      onRead();
    },
    failed(failure: SourceFailure) {
      store.failed(failure);
      onRead();
    },
  };
  return {
    async restore() {
      try {
        const restored = await state?.restore();
        if (restored !== undefined) store.restore(admit(restored).devices);
      } catch (err) {
        log.error({ err }, 'failed to begin with the saved state: starting without it');
      }
    },
    run: (create, signal) => runLastingSource({ create, clock, log, random: () => Math.random() }, sink, signal),
    failed: sink.failed,
    devices: store.current,
    known: (deviceId) => byId(store.current()).get(deviceId),
    status: store.status,
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
