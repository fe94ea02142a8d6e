import type { ObjectChange, Reflector } from '../../shim/kubernetes/reflector.ts';

/** What a reflector has told so far. */
export interface Mirror {
  /** `data.value` of each object by its name. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly calls: (readonly ObjectChange[])[];
  readonly failures: string[];
  synced: number;
  recovered: number;
  stop(): Promise<void>;
}

/** Runs a reflector over ConfigMaps until it is stopped. */
export function startMirror(reflector: Reflector): Mirror {
  const values = new Map<string, unknown>();
  const end = new AbortController();
  const mirror = { values, calls: [], failures: [], synced: 0, recovered: 0, stop: async () => undefined } as Mirror;
  const running = reflector.run(
    {
      changed(changes) {
        mirror.calls.push(changes);
        for (const change of changes) {
          if (change.kind === 'remove') values.delete(change.name);
          else values.set(change.object.metadata.name, valueOf(change.object));
        }
      },
      synced: () => void (mirror.synced += 1),
      failed: (detail) => void mirror.failures.push(detail),
      recovered: () => void (mirror.recovered += 1),
    },
    end.signal,
  );
  mirror.stop = () => {
    end.abort();
    return running;
  };
  return mirror;
}

function valueOf(object: object): unknown {
  return 'data' in object ? (object.data as { value?: unknown } | undefined)?.value : undefined;
}
