import type { Log } from '../telemetry/log.ts';
import { sleep, type Clock } from '../timing/clock.ts';
import type { DeviceSink, DeviceSource, SourceFailure } from './device-source.ts';
import { doubledRetryMs, longestRetryMs, withJitter } from './retry-wait.ts';
import { faultKind } from './source-fault.ts';

/** What a lasting source is made of. */
export interface LastingSourceOptions {
  /** Makes the source that reads, and another one after it has ended by a fault. */
  readonly create: () => DeviceSource;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/**
 * Reads by a source until `signal` aborts. A source never ends by itself; where one does all the same, that is told as a
 * failure, and another takes its place, with back-off, in which what was before a source that ran longer than any
 * back-off counts no more. It never rejects.
 */
export async function runLastingSource(
  { create, clock, log, random }: LastingSourceOptions,
  sink: DeviceSink,
  signal: AbortSignal,
): Promise<void> {
  let faults = 0;
  while (!signal.aborted) {
    const startedAtMs = clock.monotonicMs();
    const err = await faultOf(() => create().run(sink, signal));
    if (signal.aborted) {
      if (err !== undefined) log.error({ err }, 'failed to end the reading of devices');
      return;
    }
    faults = clock.monotonicMs() - startedAtMs >= longestRetryMs ? 1 : faults + 1;
    const retryInMs = Math.ceil(withJitter(Math.min(doubledRetryMs(faults), longestRetryMs), random()));
    log.error({ err, retryInMs }, 'the reading of devices has ended by a fault of Tailway: it starts again');
    const untold = await faultOf(() => sink.failed(ended(err, retryInMs)));
    if (untold !== undefined) log.error({ err: untold }, 'failed to tell that devices cannot be read');
    await sleep(clock, retryInMs, signal);
  }
}

function ended(err: unknown, retryInMs: number): SourceFailure {
  const why = err === undefined ? 'without a reason' : `by a fault of Tailway (${faultKind(err)})`;
  const detail = `the reading of devices has ended ${why}, and starts again: the log of the shim has more`;
  return { reason: 'unreadable', detail, retryInMs };
}

/** What an action throws. */
async function faultOf(act: () => Promise<void> | void): Promise<unknown> {
  try {
    await act();
    return undefined;
  } catch (err) {
    return err ?? new Error('nothing was thrown');
  }
}
