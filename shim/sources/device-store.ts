import { equals } from '@bufbuild/protobuf';
import { isOffline } from '../../functions/endpoints/device-eligibility.ts';
import { DeviceSchema, type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../timing/clock.ts';
import type { DeviceSink, RejectedDevice, SourceFailure } from './device-source.ts';
import { stepHold, type HoldAction, type HoldCause, type HoldEvent, type HoldState } from './hold.ts';

/** What is known of a tailnet's devices: the memory between a source and everything that uses devices. */
export interface DeviceStore extends DeviceSink {
  /** Begins with the list of a former run. Only before the first answer. */
  restore(devices: readonly Device[]): void;
  /** The devices that count, sorted by id; absent before the first sync. */
  current(): readonly Device[] | undefined;
  /** For health and metrics. */
  status(): DeviceStoreStatus;
  /** Disarms the hold's timer; nothing is called back any more. */
  close(): void;
}

/** How it goes; times are milliseconds since 1970, as the clock said then. */
export interface DeviceStoreStatus {
  /** Whether there is a list, by an answer or from a former run. Never turns false again. */
  readonly synced: boolean;
  /** Devices that count. */
  readonly devices: number;
  /** Entries of the last answer that could not be used. */
  readonly rejected: number;
  /** When the source was last read well, its answer believed or held; absent: not yet in this run. */
  readonly lastSuccessAtMs?: number;
  /** How long ago that was, whatever the time of day was set to since. */
  readonly lastSuccessAgeMs?: number;
  /** Set while the source fails. */
  readonly failure?: SourceFailure & { readonly sinceMs: number };
  /** Set while an answer is held, both of them. */
  readonly heldSinceMs?: number;
  readonly heldCause?: HoldCause;
  /** Counted since the start. */
  readonly totals: {
    readonly answers: number;
    readonly failures: Readonly<Partial<Record<SourceFailure['reason'], number>>>;
    readonly holds: Readonly<Record<HoldCause, number>>;
    readonly holdsBelieved: Readonly<Record<HoldCause, number>>;
  };
}

/** What a store is made of. */
export interface DeviceStoreOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** How long a suspicious answer is held; 0: not at all. */
  readonly holdMs: number;
  /** Whether a first answer without anybody is a user's own word, as in a file; default: no. */
  readonly trustsFirst?: boolean;
  /** Called with the whole list when it came for the first time, and when something in it has changed. */
  readonly onChange: (devices: readonly Device[]) => void;
}

/** A store without devices, until it is restored or a source reports to it. */
export function createDeviceStore(options: DeviceStoreOptions): DeviceStore {
  const { clock, log, holdMs, trustsFirst = false, onChange } = options;
  let hold: HoldState = {};
  let current: readonly Device[] | undefined;
  let rejected: readonly RejectedDevice[] = [];
  let lastSuccess: Moment | undefined;
  let failure: (SourceFailure & { readonly since: Moment }) | undefined;
  let heldSince: Moment | undefined;
  let disarm: (() => void) | undefined;
  const totals = {
    answers: 0,
    failures: {} as Partial<Record<SourceFailure['reason'], number>>,
    holds: { 'devices-gone': 0, 'devices-offline': 0, 'first-answer': 0 },
    holdsBelieved: { 'devices-gone': 0, 'devices-offline': 0, 'first-answer': 0 },
  };

  const present = (): Moment => ({ atMs: clock.now(), monotonicMs: clock.monotonicMs() });
  const ageOf = ({ monotonicMs }: Moment) => clock.monotonicMs() - monotonicMs;

  function apply(event: HoldEvent): void {
    const instant = BigInt(clock.now()) * 1_000_000n;
    const [next, actions] = stepHold(hold, event, {
      nowMs: clock.monotonicMs(),
      holdMs,
      trustsFirst,
      isOffline: (device) => isOffline(device, instant),
    });
    hold = next;
    heldSince = hold.held === undefined ? undefined : (heldSince ?? present());
    for (const action of actions) act(action);
  }

  function act(action: HoldAction): void {
    switch (action.kind) {
      case 'publish':
        publish(action.devices);
        return;
      case 'arm':
        disarm?.();
        disarm = clock.setTimeout(() => apply({ kind: 'timer' }), action.afterMs);
        return;
      case 'disarm':
        disarm?.();
        return;
      case 'tell':
        tell(action);
        return;
    }
  }

  function tell(action: HoldAction & { kind: 'tell' }): void {
    const { cause, had, gone, offline } = action;
    switch (action.what) {
      case 'held':
        totals.holds[cause]++;
        log.warn({ had, gone, offline, holdMs }, heldMessages[cause]);
        return;
      case 'recovered':
        log.info({ had, gone, offline }, 'devices are back: the hold is over');
        return;
      case 'believed':
        totals.holdsBelieved[cause]++;
        log.warn({ had, gone, offline, afterMs: action.afterMs }, believedMessages[cause]);
        return;
    }
  }

  function publish(devices: readonly Device[]): void {
    const sorted = devices.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    if (current !== undefined && sameDevices(current, sorted)) return;
    current = sorted;
    onChange(sorted);
  }

  return {
    restore(devices) {
      if (current === undefined) apply({ kind: 'restored', devices });
    },
    devices(devices, rejections) {
      totals.answers++;
      lastSuccess = present();
      if (failure !== undefined) log.info({ afterMs: ageOf(failure.since) }, 'devices can be read again');
      failure = undefined;
      tellRejected(log, rejections, rejected);
      rejected = rejections;
      apply({ kind: 'answer', devices: withLastGood(devices, rejections, current ?? []) });
    },
    confirmed() {
      lastSuccess = present();
    },
    failed(next) {
      totals.failures[next.reason] = (totals.failures[next.reason] ?? 0) + 1;
      if (failure?.reason !== next.reason || failure.detail !== next.detail) {
        log.warn({ ...next, devices: current?.length ?? 0 }, 'devices cannot be read: the last good ones stay');
      }
      failure = { ...next, since: failure?.since ?? present() };
      apply({ kind: 'failed' });
    },
    current: () => current,
    status: () => ({
      synced: current !== undefined,
      devices: current?.length ?? 0,
      rejected: rejected.length,
      totals: structuredClone(totals),
      ...(lastSuccess === undefined ? {} : { lastSuccessAtMs: lastSuccess.atMs, lastSuccessAgeMs: ageOf(lastSuccess) }),
      ...(failure === undefined ? {} : { failure: failureOf(failure) }),
      ...(hold.held === undefined || heldSince === undefined
        ? {}
        : { heldSinceMs: heldSince.atMs, heldCause: hold.held.cause }),
    }),
    close() {
      disarm?.();
    },
  };
}

/** A moment for people, and for measuring from it. */
interface Moment {
  readonly atMs: number;
  readonly monotonicMs: number;
}

const heldMessages: Readonly<Record<HoldCause, string>> = {
  'devices-gone': 'most devices are gone from the answer: the last good ones are held',
  'devices-offline': 'most devices are suddenly called offline: they are held as they were',
  'first-answer': 'the first answer has nobody who is online: nothing is served until it is believed',
};

const believedMessages: Readonly<Record<HoldCause, string>> = {
  'devices-gone': 'most devices are gone: believed',
  'devices-offline': 'devices are called offline that were not: believed',
  'first-answer': 'nobody is online since the start: believed; check that this is the right tailnet',
};

function failureOf({ since, ...failure }: SourceFailure & { readonly since: Moment }) {
  return { ...failure, sinceMs: since.atMs };
}

/** A device whose entry cannot be read any more stays as it was last known. */
function withLastGood(
  devices: readonly Device[],
  rejected: readonly RejectedDevice[],
  known: readonly Device[],
): readonly Device[] {
  const listed = new Set(devices.map(({ id }) => id));
  const unreadable = new Set(rejected.map(({ id }) => id));
  return [...devices, ...known.filter(({ id }) => unreadable.has(id) && !listed.has(id))];
}

/** Logs what was not rejected before; the first few, since a broken answer can have thousands. */
function tellRejected(log: Log, now: readonly RejectedDevice[], before: readonly RejectedDevice[]): void {
  const told = new Set(before.map(({ place, detail }) => `${place} ${detail}`));
  const fresh = now.filter(({ place, detail }) => !told.has(`${place} ${detail}`));
  for (const { place, detail } of fresh.slice(0, 10)) {
    log.warn({ place, detail }, 'an entry of the devices cannot be used');
  }
  if (fresh.length > 10) log.warn({ more: fresh.length - 10 }, 'more entries of the devices cannot be used');
}

/** Whether two lists that are sorted by id say the same. */
function sameDevices(left: readonly Device[], right: readonly Device[]): boolean {
  return (
    left.length === right.length &&
    left.every((device, index) => {
      const other = right[index];
      return other !== undefined && equals(DeviceSchema, device, other);
    })
  );
}
