import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sleep, type Clock } from './clock.ts';
import type { DeviceSink, DeviceSource, SourceFailure } from './device-source.ts';
import { parseDevicesFile } from './devices-file.ts';
import { createFolderWatcher } from './folder-watcher.ts';
import { createTrigger } from './trigger.ts';

/** What a file source is made of. */
export interface FileSourceOptions {
  /** A YAML or JSON file in the shape of Tailscale's answer, `{"devices": […]}`. It may come later. */
  readonly path: string;
  readonly clock: Clock;
  /** How often the file is looked at besides being watched; default: every second. */
  readonly rescanMs?: number;
}

/** How long a file has to be left alone before it is read, since it may be half-written. */
const settleMs = 50;

/** How often settling is tried, so that a file that is written without end counts too. */
const settleTries = 10;

/** What a devices file may hold. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Devices from a file. Watching its folder is only a trigger, which also sees a file moved over it and a ConfigMap's
 * links swapped; what counts is what is found there on a look, and looks are also taken regularly, since watchers miss
 * things. Content that cannot be read leaves the last good list; unchanged content is confirmed, and not reported again.
 */
export function createFileSource({ path, clock, rescanMs = 1000 }: FileSourceOptions): DeviceSource {
  return {
    name: 'file',
    async run(sink, signal) {
      const trigger = createTrigger(clock);
      const watcher = createFolderWatcher(dirname(path), () => trigger.pull());
      let last: Look | undefined;
      let good = false;
      while (!signal.aborted) {
        await watcher.ensure();
        const look = await lookAt(path, clock, last, signal);
        if (signal.aborted) break;
        if (last === undefined || look.outcome !== last.outcome) good = report(look, path, sink);
        else if (good) sink.confirmed();
        last = look;
        await trigger.wait(rescanMs, signal);
      }
      watcher.close();
    },
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

/** Looks that a stamp has to survive until it is trusted: a second write may come within one tick of the file's times. */
const trustedLooks = 3;

async function lookAt(path: string, clock: Clock, last: Look | undefined, signal: AbortSignal): Promise<Look> {
  try {
    let stamp = await stampOf(path);
    if (last?.stamp === stamp && last.looks >= trustedLooks) return last;
    for (let tries = 0; ; tries++) {
      if (stamp !== last?.stamp) await sleep(clock, settleMs, signal);
      const text = await readFile(path, 'utf8');
      const after = await stampOf(path);
      if (after === stamp || tries >= settleTries || signal.aborted) {
        const outcome = createHash('sha256').update(text).digest('hex');
        return { outcome, found: { text }, stamp: after, looks: after === last?.stamp ? last.looks + 1 : 1 };
      }
      stamp = after;
    }
  } catch (err) {
    const failure = unreadable(path, err);
    return { outcome: failure.detail, found: { failure }, looks: 0 };
  }
}

/** What changes when a file is written or another one takes its place; links are followed. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true });
  // Reading a pipe that nobody writes never ends, not even with the process.
  if (!found.isFile()) throw new Error(found.isDirectory() ? 'it is a folder, and must be a file' : 'it is no file');
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  if (size > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024 / 1024} MiB`);
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
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
