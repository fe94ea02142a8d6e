import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../timing/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { encodeRecording, type Recording } from './recording.ts';

/** Keeps the newest calls of functions in a folder. */
export interface Recorder {
  /** Returns at once, and never fails: the recording is written later, or given up. */
  record(recording: Recording): void;
  /** Resolves when what was told so far is written, or given up. */
  settled(): Promise<void>;
}

/** How much of it is kept. */
export interface RecorderLimits {
  readonly files: number;
  readonly bytes: number;
  /** Recordings that wait to be written; the oldest of more are given up. */
  readonly waiting: number;
}

/** What a recorder is made of. */
export interface RecorderOptions {
  /** It is made when it is missing. */
  readonly folder: string;
  readonly limits?: RecorderLimits;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Log;
}

const defaultLimits: RecorderLimits = { files: 1000, bytes: 256 * 1024 * 1024, waiting: 50 };

/** How long after a write that failed nothing is written. */
const pauseMs = 30_000;

/** Names of recordings sort as their times do. */
const namePattern = /^\d{8}T\d{9}Z-\d{4}-[a-z]+\.json$/;

interface KeptFile {
  readonly name: string;
  readonly bytes: number;
}

/** A recorder that continues what a former run left in the folder. */
export function createRecorder({ folder, limits = defaultLimits, clock, log }: RecorderOptions): Recorder {
  const waiting: Recording[] = [];
  let kept: KeptFile[] | undefined;
  let running: Promise<void> | undefined;
  let serial = 0;
  let failedAtMs = -Infinity;
  let givenUp = 0;

  async function run(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      // What waits for an answer comes first.
      await turn();
      try {
        await write(next);
        if (givenUp > 0) log.info({ folder, givenUp }, 'calls of functions are recorded again');
        givenUp = 0;
      } catch (err) {
        givenUp += 1 + waiting.splice(0).length;
        failedAtMs = clock.monotonicMs();
        log.warn({ folder, err, pauseMs }, 'failed to record a call of a function: recordings are given up for now');
      }
    }
    running = undefined;
  }

  async function write(recording: Recording): Promise<void> {
    kept ??= await readFolder(folder);
    const text = encodeRecording(recording);
    const name = nameOf(recording, serial++);
    const bytes = Buffer.byteLength(text);
    await makeRoom(kept, bytes);
    const temporary = join(folder, `.${name}.${randomUUID()}.tmp`);
    try {
      await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
      await rename(temporary, join(folder, name));
    } catch (err) {
      await rm(temporary, { force: true });
      throw err;
    }
    kept.push({ name, bytes });
  }

  /** Removes the oldest until one more fits. */
  async function makeRoom(files: KeptFile[], bytes: number): Promise<void> {
    let total = files.reduce((sum, file) => sum + file.bytes, bytes);
    while (files.length >= limits.files || total > limits.bytes) {
      const oldest = files.shift();
      if (oldest === undefined) return;
      total -= oldest.bytes;
      await rm(join(folder, oldest.name), { force: true });
    }
  }

  return {
    record(recording) {
      if (clock.monotonicMs() - failedAtMs < pauseMs) {
        givenUp++;
        return;
      }
      waiting.push(recording);
      if (waiting.length > limits.waiting) {
        waiting.shift();
        givenUp++;
      }
      running ??= run();
    },
    settled: () => running ?? Promise.resolve(),
  };
}

/** The recordings in a folder, oldest first. What a run that was killed left half written is removed. */
async function readFolder(folder: string): Promise<KeptFile[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = await readdir(folder);
  for (const name of names) if (/^\.\d{8}T.*\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
  const files: KeptFile[] = [];
  for (const name of names.filter(isRecordingName).toSorted()) {
    files.push({ name, bytes: (await stat(join(folder, name))).size });
  }
  return files;
}

/** Whether a file is a recording, by its name. */
export function isRecordingName(name: string): boolean {
  return namePattern.test(name);
}

function nameOf({ atMs, function: name }: Recording, serial: number): string {
  const time = new Date(atMs).toISOString().replace(/[-:.]/g, '');
  return `${time}-${String(serial % 10_000).padStart(4, '0')}-${name}.json`;
}
