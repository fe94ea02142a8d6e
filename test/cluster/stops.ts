import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What ends with a test, the last first. */
export interface Stops extends AsyncDisposable {
  defer(stop: () => Promise<unknown> | void): void;
  /** A folder that is gone afterwards. */
  folder(): Promise<string>;
}

/** Nothing to stop yet. */
export function createStops(): Stops {
  const stops: (() => Promise<unknown> | void)[] = [];
  return {
    defer: (stop) => void stops.push(stop),
    async folder() {
      const folder = await mkdtemp(join(tmpdir(), 'tailway-cluster-'));
      stops.push(() => rm(folder, { recursive: true, force: true }));
      return folder;
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops.splice(0).toReversed()) await stop();
    },
  };
}
