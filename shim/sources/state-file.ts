import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromJson, toJson, type JsonValue } from '@bufbuild/protobuf';
import { z } from 'zod';
import { DeviceSchema, type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../timing/clock.ts';

/** The last good devices on disk, so that a restart while the API is away serves them. */
export interface StateFile {
  /** What a former run left; undefined, and told, when there is nothing that can be used. */
  restore(): Promise<readonly Device[] | undefined>;
  /** Writes the devices soon; many calls in a row become one write. */
  save(devices: readonly Device[]): void;
  /** Writes what is still to be written. */
  close(): Promise<void>;
}

/** What a state file is made of. */
export interface StateFileOptions {
  /** The folder; it is made when it is missing. */
  readonly folder: string;
  /** The file's name without `.json`; default: `devices`. Several tailnets need several. */
  readonly name?: string;
  /** What the devices belong to, without any secret: a state of another tailnet is not restored. */
  readonly origin: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long changes are collected before they are written. */
const debounceMs = 1000;

/** How long after a write that failed the next is tried. */
const retryMs = 30_000;

const format = z.object({
  format: z.literal('tailway-devices'),
  version: z.literal(1),
  origin: z.string(),
  savedAt: z.iso.datetime(),
  /** Of the JSON text of `devices`: a disk that filled up or a hand that slipped is noticed. */
  sha256: z.string(),
  devices: z.array(z.unknown()),
});

/** The state in `<folder>/<name>.json`. It holds devices as {@link DeviceSchema} in JSON, and no credentials. */
export function createStateFile({ folder, name = 'devices', origin, clock, log }: StateFileOptions): StateFile {
  const path = join(folder, `${name}.json`);
  let pending: readonly Device[] | undefined;
  let cancel: (() => void) | undefined;
  let writing = Promise.resolve();
  /** Hash of the devices that the file holds: the same are not written again, and keep the time of their first writing. */
  let saved: string | undefined;
  let failing = false;

  function schedule(ms: number): void {
    cancel ??= clock.setTimeout(() => {
      cancel = undefined;
      writing = writing.then(write);
    }, ms);
  }

  async function write(): Promise<void> {
    if (pending === undefined) return;
    const devices = pending;
    pending = undefined;
    try {
      const json = eachUsable(
        devices,
        (device) => toJson(DeviceSchema, device),
        ({ id }, err) =>
          log.error({ path, device: id, err }, 'failed to save a device: a restart would begin without it'),
      );
      // An empty state would say that there is nobody.
      if (json.length === 0 && devices.length > 0) return;
      const sha256 = hashOf(json);
      if (sha256 === saved) return;
      const savedAt = new Date(clock.now()).toISOString();
      const state = { format: 'tailway-devices', version: 1, origin, savedAt, sha256, devices: json };
      await writeWhole(path, `${JSON.stringify(state, undefined, 1)}\n`);
      saved = sha256;
      if (failing) log.info({ path }, 'the state can be saved again');
      failing = false;
    } catch (err) {
      if (!failing) log.warn({ path, err }, 'failed to save the state: a restart would begin without devices');
      failing = true;
      pending ??= devices;
      schedule(retryMs);
    }
  }

  return {
    async restore() {
      const text = await readText(path, log);
      if (text === undefined) return undefined;
      const state = decodeState(text, (_, err) =>
        log.warn({ path, err }, 'a device of the saved state cannot be read: starting without it'),
      );
      if (typeof state === 'string') {
        const aside = `${path}.unusable`;
        log.warn({ path, aside, detail: state }, 'the saved state cannot be used: starting without it');
        await rename(path, aside).catch(() => undefined);
        return undefined;
      }
      if (state.origin !== origin) {
        log.warn(
          { path, origin: state.origin, expected: origin },
          'the saved state is of another tailnet: starting without it',
        );
        return undefined;
      }
      saved = state.sha256;
      const ageMs = clock.now() - state.savedAtMs;
      log.info({ path, devices: state.devices.length, ageMs }, 'devices restored from the saved state');
      return state.devices;
    },
    save(devices) {
      pending = devices;
      schedule(debounceMs);
    },
    async close() {
      cancel?.();
      writing = writing.then(write);
      await writing;
      cancel?.();
    },
  };
}

interface SavedState {
  readonly origin: string;
  readonly savedAtMs: number;
  readonly sha256: string;
  readonly devices: readonly Device[];
}

/** Reads a saved state; a string says why it is none. */
function decodeState(text: string, onUnreadable: (device: unknown, err: unknown) => void): SavedState | string {
  try {
    const parsed = format.safeParse(JSON.parse(text));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return `it is damaged or of another version: ${issue?.path.join('.')}: ${issue?.message}`;
    }
    const { origin, savedAt, sha256, devices } = parsed.data;
    if (hashOf(devices) !== sha256) return 'it is damaged: its hash does not fit its devices';
    const decode = (device: unknown) => fromJson(DeviceSchema, device as JsonValue, { ignoreUnknownFields: true });
    const read = eachUsable(devices, decode, onUnreadable);
    if (read.length === 0 && devices.length > 0) return `none of its ${devices.length} devices can be read`;
    return { origin, savedAtMs: Date.parse(savedAt), sha256, devices: read };
  } catch {
    return 'it is damaged: it is no JSON of devices';
  }
}

/** Converts what can be; the first that cannot is told, and harms none of the others. */
function eachUsable<T, U>(values: readonly T[], convert: (value: T) => U, tell: (value: T, err: unknown) => void): U[] {
  let isTold = false;
  return values.flatMap((value) => {
    try {
      return [convert(value)];
    } catch (err) {
      if (!isTold) tell(value, err);
      isTold = true;
      return [];
    }
  });
}

function hashOf(devices: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(devices)).digest('hex');
}

async function readText(path: string, log: Log): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    const missing = err instanceof Error && 'code' in err && err.code === 'ENOENT';
    if (!missing) log.warn({ path, err }, 'the saved state cannot be read: starting without it');
    return undefined;
  }
}

/** Writes a file so that whoever reads it, after a power cut too, finds the old text or the new one. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (err) {
    await rm(temporary, { force: true });
    throw err;
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
