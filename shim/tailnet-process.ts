import type { Group } from '../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { Device } from '../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { configuredKind, configuredOrigin, createConfiguredSource } from './configured-source.ts';
import { devicesAreRead } from './settings/contradictions.ts';
import type { Settings } from './settings/definitions.ts';
import type { Clock } from './timing/clock.ts';
import type { DeviceStoreStatus } from './sources/device-store.ts';
import { createGroupGate } from './tailnets/group-gate.ts';
import { mergeDevices } from './tailnets/tailnet-devices.ts';
import { createTailnetReader } from './tailnets/tailnet-reader.ts';
import type { Tailnets } from './tailnets/tailnets.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { type SourceReading, copySourceStatuses } from './telemetry/source-metrics.ts';

/** The parts that know devices: the source that the settings name, and those of the TailscaleTailnets. */
export interface TailnetProcess {
  /** Reads the settings' source until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** What is known of a TailscaleTailnet may be something else now. */
  changed(): void;
  /** The groups of devices that gateways want from now on. */
  groups(groups: readonly Group[]): void;
  /** The devices that count. */
  devices(): readonly Device[];
  /** Whether the devices of a tailnet have been read, by the name that they have; empty: that of the settings. */
  isKnown(tailnet: string): boolean;
  /** When a tailnet was read last, milliseconds since 1970; undefined: never. */
  lastSyncMs(tailnet: string): number | undefined;
  copyStatus(metrics: Metrics): void;
  /** How each source is doing, for people who look into a running shim. */
  statuses(): readonly { readonly name: string; readonly status: DeviceStoreStatus }[];
  /** Saves what is not saved yet. */
  close(): Promise<void>;
}

/** What the parts are made of. */
export interface TailnetProcessOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: resources are read from nowhere. */
  readonly tailnets: Tailnets | undefined;
  /** The devices that count from now on. Not called before the settings' source has been read, if they name one. */
  readonly onDevices: (devices: readonly Device[]) => void;
  /** The same, not before each tailnet is known or known not to be readable for now. */
  readonly onSettledDevices: (devices: readonly Device[]) => void;
  /** The groups whose devices are known. */
  readonly onGroups: (groups: readonly Group[]) => void;
}

const none: readonly Device[] = [];

/** Builds the parts; nothing runs yet. */
export function createTailnetProcess(settings: Settings, options: TailnetProcessOptions): TailnetProcess {
  const { clock, log, tailnets } = options;
  const own = devicesAreRead(settings) ? createOwn() : undefined;
  let told: readonly Device[] | undefined;
  let toldSettled: readonly Device[] | undefined;
  let basis: readonly [readonly Device[], readonly Device[]] | undefined;
  let merged: readonly Device[] = [];

  function createOwn() {
    const source = configuredKind(settings);
    const { stateDir } = settings;
    const reader = createTailnetReader({
      origin: configuredOrigin(settings),
      ...(stateDir === undefined ? {} : { stateFile: { folder: stateDir } }),
      holdMs: settings.holdEmpty,
      trustsFirst: source === 'file',
      clock,
      log: log.child({ source }),
      onDevices: changed,
    });
    return { reader, source };
  }

  const gate = createGroupGate({
    knowledgeOf(tailnet) {
      if (tailnet !== '') return tailnets?.knowledgeOf(tailnet) ?? 'absent';
      // Nothing is computed before the settings' own source has been read.
      return own === undefined ? 'absent' : 'known';
    },
    // Clusters wait for groups that stand in them, and all of a gateway for its clusters.
    passUnread: settings.groupEndpoints === 'inline',
    onGroups: options.onGroups,
  });

  /** The same array while nothing changes. */
  function devices(): readonly Device[] {
    const next = [own?.reader.devices() ?? none, tailnets?.devices() ?? none] as const;
    if (basis?.[0] !== next[0] || basis[1] !== next[1]) merged = mergeDevices(...next);
    basis = next;
    return merged;
  }

  function readings(): readonly SourceReading[] {
    const first = own === undefined ? [] : [{ source: own.source, status: own.reader.status() }];
    return [...first, ...(tailnets?.readings() ?? [])];
  }

  function changed(): void {
    if (own !== undefined && own.reader.devices() === undefined) return;
    const now = devices();
    if (told !== now) options.onDevices(now);
    told = now;
    gate.changed();
    if (tailnets?.isSettled() === false) return;
    if (toldSettled !== now) options.onSettledDevices(now);
    toldSettled = now;
  }

  return {
    async run(signal) {
      if (own === undefined) return changed();
      await own.reader.restore();
      const parts = { clock, log: log.child({ source: own.source }), known: own.reader.known };
      await own.reader.run(() => createConfiguredSource(settings, parts), signal);
    },
    changed,
    groups: gate.groups,
    devices,
    isKnown: (tailnet) =>
      tailnet === '' ? own?.reader.devices() !== undefined : tailnets?.knowledgeOf(tailnet) === 'known',
    lastSyncMs: (tailnet) => (tailnet === '' ? own?.reader.status().lastSuccessAtMs : tailnets?.lastSyncMs(tailnet)),
    copyStatus: (metrics) => copySourceStatuses(metrics, readings()),
    statuses: () =>
      readings().map(({ source, tailnet, status }) => ({
        name: tailnet === undefined ? source : `${source} ${tailnet}`,
        status,
      })),
    async close() {
      await Promise.all([own?.reader.close(), tailnets?.close()]);
    },
  };
}
