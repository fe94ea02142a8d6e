import type { ServerHttp2Stream } from 'node:http2';

import type { GatewayState } from '../gateway/gateway-state.ts';
import type { ExtensionServerOptions } from './extension-options.ts';
import type { HookCaller, HookOutcome } from './hook-caller.ts';
import type { HookMethod } from './hook-table.ts';
import type { ExtensionLog, ExtensionObserver } from './observer.ts';
import type { SyncGate } from './sync-gate.ts';
import { serveUnaryCall, statusCodes, type UnaryCall } from './unary-call.ts';

/** What the calls of a hook are served with. */
export interface HookServiceOptions {
  readonly state: Pick<GatewayState, 'synced'>;
  readonly caller: HookCaller;
  readonly gate: SyncGate;
  readonly log: ExtensionLog;
  readonly observer: Partial<ExtensionObserver> | undefined;
  readonly clock: () => number;
  readonly maxMessageBytes: number;
  readonly deadlineMs: number;
  /** The client's own deadline; undefined: it has none, as Envoy Gateway. */
  readonly timeoutMs: number | undefined;
  readonly onUnsynced: ExtensionServerOptions['onUnsynced'];
}

/** Of a client's own deadline, this much is kept for the answer. */
const answerShare = 0.1;

/** Serves one call of a hook: waits for the first sync where there was none yet, then answers out of memory. */
export function serveHook(stream: ServerHttp2Stream, method: HookMethod, options: HookServiceOptions): void {
  const { state, caller, gate, log, observer, clock, deadlineMs, timeoutMs = Infinity, onUnsynced } = options;
  const started = clock();
  const clientDeadline = started + timeoutMs * (1 - answerShare);

  function tell(outcome: Omit<HookOutcome, 'body'>, requestBytes: number, responseBytes: number): void {
    const ms = clock() - started;
    const { result, cached } = outcome;
    observer?.called?.({ hook: method.name, result, cached, ms, requestBytes, responseBytes });
    if (result === 'late') log.warn({ hook: method.name, ms, deadlineMs }, 'hook answered after its deadline');
  }

  function answer(request: Buffer, call: UnaryCall): void {
    const outcome = method.needsSync && !state.synced ? answerUnsynced(request) : callHook(request);
    const { body, result } = outcome;
    if (body !== undefined) call.answer(body);
    else if (result === 'unsynced') call.fail(statusCodes.unavailable, 'the first sync of resources is not over yet');
    else call.fail(statusCodes.invalidArgument, `failed to read the request of ${method.name}`);
    tell(outcome, request.length, body?.byteLength ?? 0);
  }

  function callHook(request: Buffer): HookOutcome {
    return caller.call(method, request, Math.min(clock() + deadlineMs, clientDeadline));
  }

  function answerUnsynced(request: Buffer): HookOutcome {
    const ms = clock() - started;
    // Those that did not wait follow one that did, and said so.
    log[ms < 1 ? 'debug' : 'warn']({ hook: method.name, ms, onUnsynced }, 'hook called before the first sync');
    if (onUnsynced === 'fail') return { body: undefined, result: 'unsynced', cached: false };
    const body = caller.passThrough(method, request);
    return { body, result: body === undefined ? 'rejected' : 'unsynced', cached: false };
  }

  serveUnaryCall(stream, options.maxMessageBytes, {
    request(message, call) {
      if (!method.needsSync || state.synced) {
        answer(message, call);
        return;
      }
      let isWaiting = true;
      const leave = gate.wait(clientDeadline - clock(), () => {
        isWaiting = false;
        answer(message, call);
      });
      call.onClosed(() => {
        leave();
        if (isWaiting) tell({ result: 'cancelled', cached: false }, message.length, 0);
      });
    },
    rejected(reason, bytes) {
      log.warn({ hook: method.name, reason, bytes }, 'hook called with what is no request');
      tell({ result: 'rejected', cached: false }, bytes, 0);
    },
  });
}
