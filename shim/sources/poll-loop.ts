import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../timing/clock.ts';
import type { DeviceSink, DeviceSource, RejectedDevice } from './device-source.ts';
import type { RequestFailure } from './json-request.ts';
import { firstPoll, stepPoll, type PollAction, type PollEvent } from './poll-schedule.ts';
import { createFaultReport } from './source-fault.ts';
import { createTrigger } from '../timing/trigger.ts';

/** A source that is asked at intervals. */
export interface PolledDeviceSource extends DeviceSource {
  /** Asks again at once, for who knows that something has changed: a webhook. Calls in a burst become one. */
  refresh(): void;
}

/** One whole answer of an API. */
export interface DeviceAnswer {
  readonly devices: readonly Device[];
  readonly rejected: readonly RejectedDevice[];
}

/** What a poll loop is made of. */
export interface PollLoopOptions {
  readonly name: string;
  /**
   * Asks once, reports what it gets, at least once, or returns why there is nothing. It bounds its own time. If it throws
   * all the same, that is a failure of this poll.
   */
  readonly poll: (report: (answer: DeviceAnswer) => void, signal: AbortSignal) => Promise<RequestFailure | undefined>;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** A source that polls as {@link stepPoll} says. */
export function createPollLoop(options: PollLoopOptions): PolledDeviceSource {
  const { name, poll, intervalMs, clock, random, log } = options;
  const trigger = createTrigger(clock);
  const faults = createFaultReport(log);
  return {
    name,
    refresh: () => trigger.pull(),
    async run(sink, signal) {
      let state = firstPoll;
      const step = (event: PollEvent): PollAction => {
        const [next, action] = stepPoll(state, event, { nowMs: clock.monotonicMs(), intervalMs, random: random() });
        state = next;
        return action;
      };

      let action = step({ kind: 'woken' });
      while (!signal.aborted) {
        if (action.kind === 'wait') {
          action = step({ kind: (await trigger.wait(action.ms, signal)) ? 'refresh' : 'woken' });
          continue;
        }
        step({ kind: 'polled' });
        const failure = await faults.caught(() =>
          poll(({ devices, rejected }) => {
            if (!signal.aborted) sink.devices(devices, rejected);
          }, signal),
        );
        if (signal.aborted) break;
        action = step(failure === undefined ? { kind: 'answered' } : { kind: 'failed', ...failure });
        if (failure !== undefined) faults.told(() => tell(sink, failure, action));
      }
    },
  };
}

function tell(sink: DeviceSink, { reason, detail }: RequestFailure, next: PollAction): void {
  sink.failed({ reason, detail, retryInMs: next.kind === 'wait' ? next.ms : 0 });
}
