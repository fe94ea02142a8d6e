import type { Clock } from '../timing/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { FunctionName, FunctionStatus, Place } from './functions-client.ts';

/** Remembers where functions run, and tells when that changes. */
export interface PlaceBook {
  /** A call ran there; `origin` where it was remote. */
  ran(name: FunctionName, place: Place, origin?: string): void;
  /** A call at an origin failed; `detail` as a sentence without its subject. */
  failed(name: FunctionName, origin: string, detail: string): void;
  /** Where a function runs; the circuit is not this book's. */
  status(name: FunctionName): Omit<FunctionStatus, 'circuit'>;
}

interface Entry {
  place: Place;
  origin: string;
  /** Milliseconds since 1970. */
  sinceMs: number;
  /** The same by the monotonic clock. */
  changedMs: number;
  /** The last failure of each origin since it last was good. */
  readonly errors: Map<string, string>;
}

/** A book of functions that are to run at the first of `origins`. Says one line for a change of place, none for a call. */
export function createPlaceBook(options: {
  readonly origins: readonly [string, ...string[]];
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly log: Log;
}): PlaceBook {
  const { origins, clock, log } = options;
  const start = { sinceMs: clock.now(), changedMs: clock.monotonicMs() };
  const entries = new Map<FunctionName, Entry>();

  function entryOf(name: FunctionName): Entry {
    let entry = entries.get(name);
    if (entry === undefined) {
      entries.set(name, (entry = { place: 'remote', origin: origins[0], ...start, errors: new Map() }));
    }
    return entry;
  }

  function lastError({ errors }: Entry): string | undefined {
    return origins.flatMap((origin) => errors.get(origin) ?? [])[0];
  }

  return {
    ran(name, place, origin) {
      const entry = entryOf(name);
      if (origin !== undefined) entry.errors.delete(origin);
      const next = origin ?? entry.origin;
      if (entry.place === place && entry.origin === next) return;
      const changedMs = clock.monotonicMs();
      const afterMs = changedMs - entry.changedMs;
      if (place === 'remote') log.info({ function: name, url: next, afterMs }, 'a function runs remotely again');
      else {
        const detail = lastError(entry);
        log.warn({ function: name, detail }, 'a function runs in this process: where it should run, it fails');
      }
      Object.assign(entry, { place, origin: next, sinceMs: clock.now(), changedMs });
    },
    failed(name, origin, detail) {
      const { errors } = entryOf(name);
      const sentence = `${origin} ${detail}`;
      if (errors.get(origin) === sentence) return;
      errors.set(origin, sentence);
      log.warn({ function: name, detail: sentence }, 'a remote function fails');
    },
    status(name) {
      const entry = entryOf(name);
      const error = lastError(entry);
      const { place, origin: url, sinceMs } = entry;
      return { function: name, place, url, sinceMs, ...(error === undefined ? {} : { lastError: error }) };
    },
  };
}
