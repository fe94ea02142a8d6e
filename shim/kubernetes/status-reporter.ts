import type { StatusCondition } from './status-conditions.ts';
import type { EventWriter } from './event-writer.ts';
import type { DesiredStatus, StatusWriter } from './status-writer.ts';
import type { Log } from '../telemetry/log.ts';
import { type Clock, sleep } from '../timing/clock.ts';

/** Tells people in the cluster what became of their resources: statuses, and Events for what changes in them. */
export interface StatusReporter {
  /** Something that statuses say may be different now. */
  changed(): void;
  /** Reports while this replica leads, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** What a reporter is made of. */
export interface StatusReporterOptions {
  /** All statuses as they should be now. */
  readonly statuses: () => Promise<readonly DesiredStatus[]>;
  readonly writer: Pick<StatusWriter, 'desire' | 'run'>;
  readonly events: EventWriter;
  /** Shortest time between two reports. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** How soon the first of several changes is reported. */
const debounceMs = 100;

/** How often is looked without a change: ages and health move by themselves. */
const idleMs = 60_000;

/** The conditions that say of each kind whether it is well as a whole. */
const summaries: ReadonlySet<string> = new Set(['Programmed', 'Ready']);

/** A reporter that writes nothing yet. What stands when a replica begins to lead is no news: only later changes make Events. */
export function createStatusReporter(options: StatusReporterOptions): StatusReporter {
  const { writer, events, intervalMs, clock, log } = options;
  let wake: (() => void) | undefined;
  let pending = true;

  async function report(known: Map<string, readonly StatusCondition[]> | undefined) {
    const statuses = await options.statuses();
    writer.desire(statuses);
    const next = new Map<string, readonly StatusCondition[]>();
    for (const { resource, status } of statuses) {
      next.set(resource.uid, status.conditions);
      if (known !== undefined) tellChanges(resource, known.get(resource.uid) ?? [], status.conditions);
    }
    return next;
  }

  function tellChanges(
    resource: DesiredStatus['resource'],
    before: readonly StatusCondition[],
    now: readonly StatusCondition[],
  ): void {
    for (const { type, status, reason, message } of now) {
      const old = before.find((condition) => condition.type === type);
      if (status === 'Unknown' || (old?.status === status && old.reason === reason)) continue;
      const good = status === 'True';
      // A new resource that is well needs one Event, not one for each condition.
      if (good && old === undefined && !summaries.has(type)) continue;
      events.tell({
        resource,
        type: good ? 'Normal' : 'Warning',
        reason: good ? type : reason,
        action: 'Reconcile',
        note: message,
      });
    }
  }

  async function reportAll(signal: AbortSignal): Promise<void> {
    let known: Map<string, readonly StatusCondition[]> | undefined;
    while (!signal.aborted) {
      pending = false;
      try {
        known = await report(known);
      } catch (err) {
        log.error({ err }, 'failed to compute statuses: the last ones stay');
      }
      await sleep(clock, intervalMs, signal);
      if (!pending) await changeOrTime(signal);
      await sleep(clock, debounceMs, signal);
    }
  }

  async function changeOrTime(signal: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    wake = () => waiting.abort();
    await sleep(clock, idleMs, AbortSignal.any([signal, waiting.signal]));
    wake = undefined;
  }

  return {
    changed() {
      pending = true;
      wake?.();
    },
    async run(signal) {
      pending = true;
      await Promise.all([writer.run(signal), events.run(signal), reportAll(signal)]);
    },
  };
}
