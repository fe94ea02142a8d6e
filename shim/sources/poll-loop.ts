import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Clock } from './clock.ts';
import type { DeviceSink, DeviceSource, RejectedDevice } from './device-source.ts';
import type { Answer } from './json-request.ts';
import { firstPoll, stepPoll, type PollAction, type PollEvent } from './poll-schedule.ts';
import { createTrigger } from './trigger.ts';

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
  /** Asks once. It bounds its own time and never rejects. */
  readonly poll: (signal: AbortSignal) => Promise<Answer<DeviceAnswer>>;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** A source that polls as {@link stepPoll} says. */
export function createPollLoop({ name, poll, intervalMs, clock, random }: PollLoopOptions): PolledDeviceSource {
  const trigger = createTrigger(clock);
  return {
    name,
    refresh: () => trigger.pull(),
    async run(sink, signal) {
      let state = firstPoll;
      const step = (event: PollEvent): PollAction => {
        const [next, action] = stepPoll(state, event, { nowMs: clock.now(), intervalMs, random: random() });
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
        const answer = await poll(signal);
        if (signal.aborted) break;
        action = step(answer.ok ? { kind: 'answered' } : { kind: 'failed', ...answer.failure });
        report(sink, answer, action);
      }
    },
  };
}

function report(sink: DeviceSink, answer: Answer<DeviceAnswer>, next: PollAction): void {
  if (answer.ok) {
    sink.devices(answer.value.devices, answer.value.rejected);
    return;
  }
  const { reason, detail } = answer.failure;
  sink.failed({ reason, detail, retryInMs: next.kind === 'wait' ? next.ms : 0 });
}
