import type { CustomResourceChange } from '../custom-resources/resource-source.ts';
import { readSecretValues, type SecretName, type SecretSource, type SecretState } from './secret-source.ts';

/** Secrets that a folder holds beside the resources that name them. */
export interface FolderSecrets extends SecretSource {
  /** What is different in the folder; what is no Secret is passed over. */
  changed(changes: readonly CustomResourceChange[]): void;
  /** The whole folder has been read: what was not in it is missing. */
  synced(): void;
}

/** Secrets of a folder that has not been read yet. */
export function createFolderSecrets(): FolderSecrets {
  const found = new Map<string, SecretState>();
  const watchers = new Map<string, Set<() => void>>();
  let isSynced = false;

  const stateOf = (key: string): SecretState => found.get(key) ?? { kind: isSynced ? 'missing' : 'pending' };
  const tell = (key: string) => watchers.get(key)?.forEach((watcher) => watcher());

  return {
    changed(changes) {
      for (const change of changes) {
        const identity = change.kind === 'set' ? change.resource : change.key;
        if (identity.kind !== 'Secret') continue;
        const key = keyOf(identity);
        if (change.kind === 'set') {
          found.set(key, { kind: 'found', values: readSecretValues(Object(change.resource.spec) as object) });
        } else {
          found.delete(key);
        }
        tell(key);
      }
    },
    synced() {
      isSynced = true;
      for (const key of watchers.keys()) tell(key);
    },
    watch(secret, onState) {
      const key = keyOf(secret);
      const watcher = () => onState(stateOf(key));
      const all = watchers.get(key) ?? new Set();
      watchers.set(key, all.add(watcher));
      watcher();
      return () => {
        all.delete(watcher);
        if (all.size === 0 && watchers.get(key) === all) watchers.delete(key);
      };
    },
  };
}

function keyOf({ namespace, name }: SecretName): string {
  return `${namespace}/${name}`;
}
