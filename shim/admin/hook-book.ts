import {
  type ExtensionObserver,
  type HookCall,
  type HookName,
  type HookResult,
  hookNames,
} from '../extension/observer.ts';
import type { HookStatus } from './shim-status.ts';

/** Remembers how hooks were answered. */
export interface HookBook extends ExtensionObserver {
  /** Those that were called, in the order of {@link hookNames}. */
  read(): readonly HookStatus[];
}

/** A book without calls. What it is told goes on to `next`. */
export function createHookBook(options: {
  readonly now: () => number;
  readonly next: Partial<ExtensionObserver>;
}): HookBook {
  const { now, next } = options;
  const entries = new Map<HookName, Entry>();
  return {
    called(call) {
      const { hook, result } = call;
      const { results, leftOut } = entries.get(hook) ?? nothing;
      entries.set(hook, {
        results: { ...results, [result]: (results[result] ?? 0) + 1 },
        leftOut,
        last: { call, atMs: now() },
      });
      next.called?.(call);
    },
    leftOut(hook) {
      const entry = entries.get(hook) ?? nothing;
      entries.set(hook, { ...entry, leftOut: entry.leftOut + 1 });
      next.leftOut?.(hook);
    },
    read: () =>
      hookNames.flatMap((hook) => {
        const { results, leftOut, last } = entries.get(hook) ?? nothing;
        if (last === undefined) return [];
        const calls = Object.values(results).reduce((sum, n) => sum + n, 0);
        const { result, ms } = last.call;
        return [{ hook, calls, results, leftOut, last: { at: new Date(last.atMs).toISOString(), result, ms } }];
      }),
  };
}

interface Entry {
  readonly results: Readonly<Partial<Record<HookResult, number>>>;
  readonly leftOut: number;
  readonly last?: { readonly call: HookCall; readonly atMs: number };
}

const nothing: Entry = { results: {}, leftOut: 0 };
