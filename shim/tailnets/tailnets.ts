import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { CustomResource, CustomResourceChange, ResourceKey } from '../custom-resources/resource-source.ts';
import { formatTailnet } from '../custom-resources/tailnet-choice.ts';
import type { Clock } from '../timing/clock.ts';
import type { DeviceStoreStatus } from '../sources/device-store.ts';
import type { Log } from '../telemetry/log.ts';
import type { TailnetKnowledge } from './group-gate.ts';
import { type RunningTailnet, type TailnetSettings, createRunningTailnet } from './running-tailnet.ts';
import type { SecretSource } from './secret-source.ts';
import { createTailnetDevices, type ToTailnetDevice } from './tailnet-devices.ts';
import { removeTailnetState } from './tailnet-state-file.ts';
import type { DesiredTailnetStatus } from './tailnet-status.ts';

/** All TailscaleTailnets, and what is known of their tailnets. */
export interface Tailnets {
  /** What is different in the resources; other kinds are passed over. */
  changed(changes: readonly CustomResourceChange[]): void;
  /** All resources that there were at the start have been told. */
  synced(): void;
  /** The devices of all of them; the same array while nothing changes. */
  devices(): readonly Device[];
  /** What is known of one, by the name that its devices have. */
  knowledgeOf(tailnet: string): TailnetKnowledge;
  /** When its devices were read last, milliseconds since 1970. */
  lastSyncMs(tailnet: string): number | undefined;
  /** Whether all that there were at the start are known, or known not to be readable for now. Never turns false again. */
  isSettled(): boolean;
  statuses(): readonly TailnetStatus[];
  /** For metrics. */
  readings(): readonly TailnetReading[];
  /** Ends reading, and saves what is not saved yet. */
  close(): Promise<void>;
}

/** What the status of a TailscaleTailnet should say. */
export interface TailnetStatus {
  readonly resource: ResourceKey & { readonly uid: string };
  readonly status: DesiredTailnetStatus;
}

/** How the reading of one goes. */
export interface TailnetReading {
  readonly tailnet: string;
  /** `tailscale` or `headscale`. */
  readonly source: string;
  readonly status: DeviceStoreStatus;
}

/** What they are made of. */
export interface TailnetsOptions {
  readonly settings: TailnetSettings;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  readonly log: Log;
  /** The devices, or what is known of a tailnet, may be different now. */
  readonly onChange: () => void;
  /** A status says something else now, its times aside. */
  readonly onStatus: () => void;
}

interface Entry {
  readonly resource: CustomResource;
  readonly running: RunningTailnet;
  readonly toDevice: ToTailnetDevice;
  readonly sinceMs: number;
  readonly disarm: () => void;
  isSettled: boolean;
  /** What its status said last, but for its times. */
  statusText: string;
}

const none: readonly Device[] = [];

/** How long a tailnet is waited for that neither answers nor fails. */
const waitMs = 10_000;

/** None yet. A resource that is gone takes its devices with it at once; whatever else goes wrong leaves them. */
export function createTailnets(options: TailnetsOptions): Tailnets {
  const { settings, secrets, clock, log, onChange, onStatus } = options;
  const entries = new Map<string, Entry>();
  let ending: Promise<unknown> = Promise.resolve();
  let parts: readonly (readonly Device[])[] = [];
  let merged: readonly Device[] = [];
  let isSynced = false;
  let isSettled = false;

  function set(resource: CustomResource): void {
    const tailnet = formatTailnet(resource);
    const known = entries.get(tailnet);
    if (known !== undefined && known.resource.uid === resource.uid) {
      entries.set(tailnet, { ...known, resource });
      known.running.update(resource);
      return;
    }
    if (known !== undefined) remove(tailnet);
    const lookAgain = () => changed(tailnet);
    const running = createRunningTailnet(resource, { settings, secrets, clock, log, onChange: lookAgain });
    entries.set(tailnet, {
      resource,
      running,
      toDevice: createTailnetDevices(tailnet),
      sinceMs: clock.monotonicMs(),
      disarm: clock.setTimeout(lookAgain, waitMs),
      isSettled: false,
      statusText: '',
    });
  }

  function remove(tailnet: string): void {
    const entry = entries.get(tailnet);
    if (entry === undefined) return;
    entries.delete(tailnet);
    entry.disarm();
    const { stateDir } = settings;
    ending = Promise.all([ending, entry.running.close()]).then(() =>
      // Another one of its name may be there by now, and has the file.
      stateDir === undefined || entries.has(tailnet) ? undefined : removeTailnetState(stateDir, entry.resource),
    );
  }

  /** Something about one of them may be different. */
  function changed(tailnet: string): void {
    const entry = entries.get(tailnet);
    let isOther = false;
    if (entry !== undefined) {
      entry.isSettled ||= entry.running.isSettled() || clock.monotonicMs() - entry.sinceMs >= waitMs;
      if (entry.isSettled) entry.disarm();
      const text = JSON.stringify({ ...entry.running.status(), lastSync: undefined });
      isOther = text !== entry.statusText;
      entry.statusText = text;
    }
    tellChange();
    if (isOther) onStatus();
  }

  function tellChange(): void {
    isSettled ||= isSynced && [...entries.values()].every((entry) => entry.isSettled);
    collect();
    onChange();
  }

  function collect(): void {
    const sorted = [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const lists = sorted.map(([, { running }]) => running.devices() ?? none);
    if (lists.length === parts.length && lists.every((list, index) => list === parts[index])) return;
    parts = lists;
    merged = sorted.flatMap(([, { toDevice }], index) => (lists[index] ?? []).map(toDevice));
  }

  function statuses(): TailnetStatus[] {
    return [...entries.values()].map(({ resource, running }) => {
      const { kind, namespace, name, uid } = resource;
      return { resource: { kind, namespace, name, uid }, status: running.status() };
    });
  }

  return {
    changed(changes) {
      const own = changes.filter(
        (change) => (change.kind === 'set' ? change.resource : change.key).kind === 'TailscaleTailnet',
      );
      for (const change of own) {
        if (change.kind === 'set') set(change.resource);
        else remove(formatTailnet(change.key));
        changed(formatTailnet(change.kind === 'set' ? change.resource : change.key));
      }
    },
    synced() {
      isSynced = true;
      tellChange();
    },
    devices: () => merged,
    knowledgeOf(tailnet) {
      const entry = entries.get(tailnet);
      if (entry === undefined) return 'absent';
      if (entry.running.devices() !== undefined) return 'known';
      return entry.isSettled ? 'failed' : 'waiting';
    },
    lastSyncMs: (tailnet) => entries.get(tailnet)?.running.reading()?.status.lastSuccessAtMs,
    isSettled: () => isSettled,
    statuses,
    readings: () =>
      [...entries].flatMap(([tailnet, { running }]) => {
        const reading = running.reading();
        return reading === undefined ? [] : [{ tailnet, ...reading }];
      }),
    async close() {
      for (const { disarm } of entries.values()) disarm();
      await Promise.all([ending, ...[...entries.values()].map(({ running }) => running.close())]);
    },
  };
}
