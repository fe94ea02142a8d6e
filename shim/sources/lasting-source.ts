import type { Log } from '../telemetry/log.ts';
import { sleep, type Clock } from '../timing/clock.ts';
import type { DeviceSink, DeviceSource, SourceFailure } from './device-source.ts';
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

/** The first wait after a fault; it doubles with each. */
const firstMs = 1000;

/** The longest wait, and how long a source must have run that what was before it counts no more. */
const longestMs = 60_000;

/**
 * Reads by a source until `signal` aborts. A source never ends by itself; where one does all the same, that is told as a
 * failure, and another takes its place, with back-off. It never rejects.
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
    faults = clock.monotonicMs() - startedAtMs >= longestMs ? 1 : faults + 1;
    const waitMs = Math.min(firstMs * 2 ** Math.min(faults - 1, 30), longestMs);
    const retryInMs = Math.ceil(waitMs * (0.9 + 0.2 * random()));
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
