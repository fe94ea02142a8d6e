import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Tells of changes in a folder. They are a reason to look, no more: watchers miss things. */
export interface FolderWatcher {
  /** Watches what is there under the folder's name now, if anything is and may be watched. */
  ensure(): Promise<void>;
  close(): void;
}

/** A watcher of a folder that may not be there yet, and may be another one of the same name later. It watches from `ensure` on. */
export function createFolderWatcher(folder: string, onEvent: () => void): FolderWatcher {
  let watcher: FSWatcher | undefined;
  let watched = '';
  const close = () => {
    watcher?.close();
    watcher = undefined;
  };
  return {
    async ensure() {
      try {
        // Many file systems give a new folder the inode that was freed last.
        const { dev, ino, birthtimeNs } = await stat(folder, { bigint: true });
        const identity = `${dev} ${ino} ${birthtimeNs}`;
        if (watcher !== undefined && identity === watched) return;
        close();
        watched = identity;
        watcher = watch(folder, onEvent).on('error', close);
      } catch {
        // No such folder, or no watches left: the regular look does.
        close();
      }
    },
    close,
  };
}
