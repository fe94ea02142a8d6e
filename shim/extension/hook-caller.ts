import { createAnswerCache } from './answer-cache.ts';
import { createExplanationBook } from './explanation-book.ts';
import type { Explanation } from './explanation.ts';
import type { ExtensionServerOptions } from './extension-options.ts';
import type { HookInputs } from './hook.ts';
import type { HookMethod } from './hook-table.ts';
import type { HookName, HookResult } from './observer.ts';
import type { ResponseBody } from './response-body.ts';
import { createRouteComputer } from './route-computer.ts';
import { createVirtualHostReader } from './virtual-host-lens.ts';

/** What came of a hook. */
export interface HookOutcome {
  /** Undefined: the bytes are no request. */
  readonly body: ResponseBody | undefined;
  readonly result: HookResult;
  readonly cached: boolean;
}

/** Calls hooks, and keeps what they answered. */
export interface HookCaller {
  /** Computes until `deadline`, on the clock; never throws. */
  call(method: HookMethod, request: Buffer, deadline: number): HookOutcome;
  /** The object as it came. */
  passThrough(method: HookMethod, request: Buffer): ResponseBody | undefined;
  explain(): Explanation;
}

const defaultKeptAnswers = 4096;

/** A caller of hooks with the parts of a server. */
export function createHookCaller(options: ExtensionServerOptions & { readonly clock: () => number }): HookCaller {
  const { state, functions, parsers, clusterSettings, log, observer, clock } = options;
  const { keptAnswers = defaultKeptAnswers } = options;
  const cache = createAnswerCache(keptAnswers);
  const book = createExplanationBook(keptAnswers);
  const reader = createVirtualHostReader();
  const computer = createRouteComputer(functions, clusterSettings.allowTargets);
  // What was told of a revision is not told again for each virtual host.
  let told = { revision: '', panics: new Set<string>() };

  function isNews(panic: string): boolean {
    if (told.revision !== state.revision) told = { revision: state.revision, panics: new Set() };
    const isKnown = told.panics.has(panic);
    told.panics.add(panic);
    return !isKnown;
  }

  function leftOut(hook: HookName, resource: string, err: unknown): void {
    observer?.leftOut?.(hook);
    if (!isNews(`${hook} ${resource}`)) return;
    log.error({ err, hook, resource }, 'panic in the handling of a resource, which is left out');
  }

  function compute(method: HookMethod, request: Buffer, deadline: number): HookOutcome {
    const slot = method.isKept ? cache.slot(request, state.revision) : undefined;
    if (slot?.answer !== undefined) {
      book.record(slot.answer);
      return { body: slot.answer.body, result: slot.answer.changed ? 'changed' : 'unchanged', cached: true };
    }
    const inputs: HookInputs = {
      state,
      functions,
      parsers,
      reader,
      computer,
      clusterSettings,
      expired: () => clock() >= deadline,
      leftOut: (resource, err) => leftOut(method.name, resource, err),
    };
    const answer = method.modify(request, inputs);
    book.record(answer);
    const isLate = inputs.expired();
    if (!isLate) slot?.keep(answer);
    return { body: answer.body, result: isLate ? 'late' : answer.changed ? 'changed' : 'unchanged', cached: false };
  }

  function passThrough(method: HookMethod, request: Buffer): ResponseBody | undefined {
    try {
      return method.passThrough(request);
    } catch {
      return undefined;
    }
  }

  return {
    passThrough,
    call(method, request, deadline) {
      try {
        return compute(method, request, deadline);
      } catch (err) {
        const body = passThrough(method, request);
        if (body === undefined) return { body, result: 'rejected', cached: false };
        if (isNews(method.name)) log.error({ err, hook: method.name }, 'hook failed, its object goes back as it came');
        return { body, result: 'failed', cached: false };
      }
    },
    explain: () => ({ synced: state.synced, revision: state.revision, ...book.read() }),
  };
}
