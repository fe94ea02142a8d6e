import type { SourceFailure } from './device-source.ts';
import { doubledRetryMs, longestRetryMs, withJitter } from './retry-wait.ts';

/** When a poll is next, and what led to it. */
export interface PollState {
  /** Failures in a row. */
  readonly failures: number;
  readonly polledAtMs: number;
  /** When the next poll is due by itself. */
  readonly dueAtMs: number;
  /** Before this not even a refresh polls, since the server asked for it. */
  readonly notBeforeMs: number;
}

/** What happens between polls. */
export type PollEvent =
  /** A poll begins. */
  | { readonly kind: 'polled' }
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly reason: SourceFailure['reason']; readonly retryAfterMs?: number }
  /** Somebody knows that the answer has changed. */
  | { readonly kind: 'refresh' }
  /** The wait is over. */
  | { readonly kind: 'woken' };

/** What to do next: one thing at a time, so that polls never overlap. */
export type PollAction =
  | { readonly kind: 'poll' }
  | { readonly kind: 'wait'; readonly ms: number }
  /** The poll that was begun decides. */
  | { readonly kind: 'none' };

/** The settings, the time and the luck of one step. */
export interface PollContext {
  readonly nowMs: number;
  readonly intervalMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/** A schedule whose first poll is due at once. */
export const firstPoll: PollState = { failures: 0, polledAtMs: -Infinity, dueAtMs: -Infinity, notBeforeMs: -Infinity };

/** Refreshes come in bursts: polls for them are at least this far apart. */
const refreshGapMs = 1000;

/** Failures that only a person mends: trying again sooner than usual would only look like an attack. */
const lasting: ReadonlySet<SourceFailure['reason']> = new Set([
  'unauthorized',
  'forbidden',
  'not-found',
  'rate-limited',
]);

/** Decides when an API is polled: at an interval with jitter, with back-off while it fails, and as it asks for. */
export function stepPoll(state: PollState, event: PollEvent, ctx: PollContext): [state: PollState, action: PollAction] {
  switch (event.kind) {
    case 'polled':
      return [{ ...state, polledAtMs: ctx.nowMs }, { kind: 'none' }];
    case 'answered':
      return next(
        { ...state, failures: 0, notBeforeMs: -Infinity, dueAtMs: ctx.nowMs + withJitter(ctx.intervalMs, ctx.random) },
        ctx,
      );
    case 'failed': {
      const failures = state.failures + 1;
      const notBeforeMs = event.retryAfterMs === undefined ? -Infinity : ctx.nowMs + event.retryAfterMs;
      const backOffMs = withJitter(backOff(failures, lasting.has(event.reason), ctx.intervalMs), ctx.random);
      return next({ ...state, failures, notBeforeMs, dueAtMs: Math.max(notBeforeMs, ctx.nowMs + backOffMs) }, ctx);
    }
    case 'refresh': {
      const earliestMs = Math.max(state.notBeforeMs, state.polledAtMs + refreshGapMs);
      return next({ ...state, dueAtMs: Math.min(state.dueAtMs, earliestMs) }, ctx);
    }
    default:
      event satisfies { kind: 'woken' };
      return next(state, ctx);
  }
}

function next(state: PollState, ctx: PollContext): [PollState, PollAction] {
  const ms = Math.ceil(state.dueAtMs - ctx.nowMs);
  return [state, ms > 0 ? { kind: 'wait', ms } : { kind: 'poll' }];
}

/** Where the interval is longer than any back-off, it is the longest itself. */
function backOff(failures: number, isLasting: boolean, intervalMs: number): number {
  const longestMs = Math.max(intervalMs, Math.min(longestRetryMs, 10 * intervalMs));
  const doubledMs = doubledRetryMs(failures);
  return Math.min(isLasting ? Math.max(doubledMs, intervalMs) : doubledMs, longestMs);
}
