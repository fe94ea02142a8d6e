import type { Log } from '../telemetry/log.ts';

/** The hooks of Envoy Gateway, by the names of their methods. */
export const hookNames = [
  'PostRouteModify',
  'PostVirtualHostModify',
  'PostHTTPListenerModify',
  'PostClusterModify',
  'PostEndpointsModify',
  'PostTranslateModify',
] as const;

/** One of {@link hookNames}. */
export type HookName = (typeof hookNames)[number];

/**
 * How a call went. `unsynced`: the first sync took too long; the object went back unchanged, or the call failed, as it is set.
 * `rejected`: the request was none, or too large. `failed`: a bug; the object went back unchanged where that could be.
 * `late`: the call's time was over before all was tried. `cancelled`: the client did not wait.
 */
export type HookResult = 'changed' | 'unchanged' | 'unsynced' | 'rejected' | 'failed' | 'late' | 'cancelled';

/** One call that is over. */
export interface HookCall {
  readonly hook: HookName;
  readonly result: HookResult;
  /** Whether the answer to the same object was at hand. */
  readonly cached: boolean;
  /** From the call's first byte to its answer, waiting for the first sync included. */
  readonly ms: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** What metrics are made of. */
export interface ExtensionObserver {
  called(call: HookCall): void;
  /** The handling of one resource panicked, and it was left out. */
  leftOut(hook: HookName): void;
}

/** What the extension server needs of a log. */
export type ExtensionLog = Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;
