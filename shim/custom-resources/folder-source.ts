import { type Clock, sleep } from '../timing/clock.ts';
import { createFolderWatcher } from '../files/folder-watcher.ts';
import { settleMs } from '../files/settled-file.ts';
import { createTrigger } from '../timing/trigger.ts';
import type { FileFault } from './resource-file.ts';
import { type FolderLook, lookAtFolder } from './resource-folder.ts';
import type { CustomResource, CustomResourceChange, ResourceSink, ResourceSource } from './resource-source.ts';
import { type ContentResource, formatResourceKey, uniqueResources } from './unique-resources.ts';

/** What a folder source is made of. */
export interface FolderSourceOptions {
  /** A folder of `.yaml`, `.yml` and `.json` files. It may come later. */
  readonly path: string;
  readonly clock: Clock;
  /** How often the folder is looked at besides being watched; default: every second. */
  readonly rescanMs?: number;
}

/**
 * Resources from a folder of YAML. Watching is only a trigger; what counts is what is found on a look, and looks are
 * also taken regularly, since watchers miss things. What cannot be read any more stays as it was: a file, a document, the whole
 * folder. What is wrong is told once, when it is new.
 */
export function createFolderSource({ path, clock, rescanMs = 1000 }: FolderSourceOptions): ResourceSource {
  return {
    name: 'folder',
    async run(sink, signal) {
      const trigger = createTrigger(clock);
      const watcher = createFolderWatcher(path, () => trigger.pull());
      const report = createReport(sink);
      let files: FolderLook = new Map();
      while (!signal.aborted) {
        try {
          await watcher.ensure();
          files = await lookAtFolder(path, files, () => sleep(clock, settleMs, signal));
          if (!signal.aborted) report.found(files);
        } catch (err) {
          report.missing({ place: path, detail: missingDetail(err) });
        }
        await trigger.wait(rescanMs, signal);
      }
      watcher.close();
    },
  };
}

function missingDetail(err: unknown): string {
  const isMissing = err instanceof Error && 'code' in err && err.code === 'ENOENT';
  if (isMissing) return 'there is no such folder; it is waited for, and what it held stays';
  return err instanceof Error ? err.message : String(err);
}

/** Tells a sink what is different between looks. */
function createReport(sink: ResourceSink) {
  let known: ReadonlyMap<string, ContentResource> = new Map();
  let told: ReadonlySet<string> = new Set();
  let synced = false;
  const tell = (faults: readonly FileFault[]) => {
    const keys = new Map(faults.map((fault) => [`${fault.place} ${fault.detail}`, fault]));
    for (const [key, fault] of keys) if (!told.has(key)) sink.failed(fault);
    told = new Set(keys.keys());
  };
  return {
    found(files: FolderLook): void {
      const looks = [...files.values()];
      const { resources, duplicates } = uniqueResources(looks.flatMap((look) => look.resources));
      const changes = diff(known, resources);
      known = resources;
      if (changes.length > 0) sink.changed(changes);
      tell([
        ...looks.flatMap(({ faults }) => faults),
        ...duplicates.map(({ loser, winner }) => duplicateFault(loser, winner)),
      ]);
      if (!synced) sink.synced();
      synced = true;
    },
    missing: (fault: FileFault): void => tell([fault]),
  };
}

function duplicateFault(loser: CustomResource, winner: CustomResource): FileFault {
  const key = formatResourceKey(loser);
  return {
    place: loser.place,
    detail: `${key} stands in ${winner.place} too, and that one counts: remove one of them`,
  };
}

function diff(
  before: ReadonlyMap<string, ContentResource>,
  after: ReadonlyMap<string, ContentResource>,
): CustomResourceChange[] {
  const changes: CustomResourceChange[] = [];
  for (const [key, { resource }] of before) {
    const { kind, namespace, name } = resource;
    if (!after.has(key)) changes.push({ kind: 'remove', key: { kind, namespace, name } });
  }
  for (const [key, { resource, content }] of after) {
    if (before.get(key)?.content !== content) changes.push({ kind: 'set', resource });
  }
  return changes;
}
