import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../telemetry/log.ts';
import { sleep, type Clock } from '../timing/clock.ts';
import type { DeviceSink, DeviceSource, SourceFailure } from './device-source.ts';
import { parseDevicesFile } from './devices-file.ts';
import { readSettledFile, settleMs, stampOf, trustedLooks } from '../files/settled-file.ts';
import { doubledRetryMs, longestRetryMs } from './retry-wait.ts';
import { createFaultReport } from './source-fault.ts';
import { createFolderWatcher } from '../files/folder-watcher.ts';
import { createTrigger } from '../timing/trigger.ts';

/** What a file source is made of. */
export interface FileSourceOptions {
  /** A YAML or JSON file in the shape of Tailscale's answer, `{"devices": […]}`. It may come later. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the file is looked at besides being watched; default: every second. */
  readonly rescanMs?: number;
}

/**
 * Devices from a file. Watching its folder is only a trigger, which also sees a file moved over it and a ConfigMap's
 * links swapped; what counts is what is found there on a look, and looks are also taken regularly, since watchers miss
 * things. Content that cannot be read leaves the last good list; unchanged content is confirmed, and not reported again.
 */
export function createFileSource({ path, clock, log, rescanMs = 1000 }: FileSourceOptions): DeviceSource {
  return {
    name: 'file',
    async run(sink, signal) {
      const trigger = createTrigger(clock);
      const watcher = createFolderWatcher(dirname(path), () => trigger.pull());
      const tell = createTeller(path, sink, clock, log);
      let last: Look | undefined;
      try {
        while (!signal.aborted) {
          await watcher.ensure();
          last = await lookAt(path, clock, last, signal);
          if (signal.aborted) break;
          await tell(last);
          await trigger.wait(rescanMs, signal);
        }
      } finally {
        watcher.close();
      }
    },
  };
}

/**
 * Tells what was found where it is new, and confirms it where it is the same and was good. What leads to a fault has
 * failed, and is tried again with back-off, or as soon as it is another.
 */
function createTeller(path: string, sink: DeviceSink, clock: Clock, log: Log): (look: Look) => Promise<void> {
  const faultReport = createFaultReport(log);
  let outcome: string | undefined;
  let isGood = false;
  let faults = 0;
  let retryAtMs = Infinity;

  async function tellNew(look: Look): Promise<void> {
    faults = look.outcome === outcome ? faults : 0;
    outcome = look.outcome;
    isGood = false;
    retryAtMs = Infinity;
    const fault = await faultReport.caught(() => {
      isGood = report(look, path, sink);
      return Promise.resolve(undefined);
    });
    if (fault === undefined) return;
    faults++;
    const retryInMs = Math.min(doubledRetryMs(faults), longestRetryMs);
    retryAtMs = clock.monotonicMs() + retryInMs;
    faultReport.told(() => sink.failed({ ...fault, detail: `${path}: ${fault.detail}`, retryInMs }));
  }

  return async (look) => {
    if (look.outcome !== outcome || clock.monotonicMs() >= retryAtMs) await tellNew(look);
    else if (isGood) faultReport.told(() => sink.confirmed());
  };
}

/** What was found at the path. */
interface Look {
  /** Equal for equal content, and for the same failure: what is not new is not reported. */
  readonly outcome: string;
  readonly found: { readonly text: string } | { readonly failure: SourceFailure };
  /** The file's identity and times; absent: there is no file. */
  readonly stamp?: string;
  /** Looks in a row that saw this stamp. */
  readonly looks: number;
}

async function lookAt(path: string, clock: Clock, last: Look | undefined, signal: AbortSignal): Promise<Look> {
  const settle = () => sleep(clock, settleMs, signal);
  try {
    const found = await findStamp(path);
    if (last?.stamp === found && last.looks >= trustedLooks) return last;
    if (last?.stamp !== found) await settle();
    const { text, stamp } = await readSettledFile(path, found, settle);
    const outcome = createHash('sha256').update(text).digest('hex');
    return { outcome, found: { text }, stamp, looks: stamp === last?.stamp ? last.looks + 1 : 1 };
  } catch (err) {
    const failure = unreadable(path, err);
    return { outcome: failure.detail, found: { failure }, looks: 0 };
  }
}

async function findStamp(path: string): Promise<string> {
  const found = await stat(path, { bigint: true });
  // Reading a pipe that nobody writes never ends, not even with the process.
  if (!found.isFile()) throw new Error(found.isDirectory() ? 'it is a folder, and must be a file' : 'it is no file');
  return stampOf(found);
}

function unreadable(path: string, err: unknown): SourceFailure {
  const code = err instanceof Error && 'code' in err ? err.code : undefined;
  const why = code === 'ENOENT' ? 'there is no such file yet; it is waited for' : (err as Error).message;
  return { reason: 'unreadable', detail: `${path}: ${why}` };
}

/** Returns whether there was something good to report. */
function report({ found }: Look, path: string, sink: DeviceSink): boolean {
  const parsed = 'failure' in found ? ({ ok: false, ...found } as const) : parseDevicesFile(found.text, path);
  if (parsed.ok) sink.devices(parsed.devices, parsed.rejected);
  else sink.failed(parsed.failure);
  return parsed.ok;
}
