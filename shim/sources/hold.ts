import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { findLoss, isTooMany, withLost, type Loss } from './device-loss.ts';

/**
 * Why an answer is not believed yet: it leaves out most devices, it calls most of them offline that were not, or it is the
 * first one and has nobody who is online.
 */
export type HoldCause = 'devices-gone' | 'devices-offline' | 'first-answer';

/** What is believed of a tailnet, and what is not believed yet. */
export interface HoldState {
  /** The last believed list; absent before anything was. What is lost counts against it, not against the answer before. */
  readonly base?: readonly Device[];
  /** Set while an answer that lost too much waits to be believed. */
  readonly held?: {
    readonly cause: HoldCause;
    readonly sinceMs: number;
    readonly answer: readonly Device[];
    /** Whether the source has failed since that answer: then only another answer can confirm it. */
    readonly failedSince: boolean;
  };
}

/** What happens to a hold. */
export type HoldEvent =
  /** The list of a former run, believed as it is. */
  | { readonly kind: 'restored'; readonly devices: readonly Device[] }
  | { readonly kind: 'answer'; readonly devices: readonly Device[] }
  | { readonly kind: 'failed' }
  /** The time asked for by `arm` is over. */
  | { readonly kind: 'timer' };

/** What the caller does about it. */
export type HoldAction =
  /** The devices that count from now on. */
  | { readonly kind: 'publish'; readonly devices: readonly Device[] }
  | { readonly kind: 'arm'; readonly afterMs: number }
  | { readonly kind: 'disarm' }
  /** A hold began, or ended by a good answer. */
  | (Told & { readonly what: 'held' | 'recovered' })
  /** What was held, if only for no time at all, is believed. */
  | (Told & { readonly what: 'believed'; readonly afterMs: number });

interface Told {
  readonly kind: 'tell';
  readonly cause: HoldCause;
  /** Devices that were believed in. */
  readonly had: number;
  /** Of those: not in the answer any more, and called offline by it. */
  readonly gone: number;
  readonly offline: number;
}

/** The settings and the time of one step. */
export interface HoldContext {
  /** By a clock that nobody sets. */
  readonly nowMs: number;
  /** How long a suspicious answer is held; 0: not at all. */
  readonly holdMs: number;
  /** Whether a first answer without anybody is a user's own word, and not an API's. */
  readonly trustsFirst: boolean;
  /** Whether a device counts as offline by now, as its source tells it. */
  readonly isOffline: (device: Device) => boolean;
}

/**
 * The fail-static rule: an answer that leaves out more than half of the devices that were believed in, or that calls more
 * than half of those offline that were not, is held for a grace period, and then believed. So is a first answer that has
 * nobody who is online: nothing is published meanwhile.
 *
 * While an answer is held, devices that it leaves out stay as they were, and those that it calls offline stay online. All
 * else that it says counts at once: new devices, so that a replaced fleet serves while the old one is held, and every
 * change of a device, since who takes a device's authorization, tags or key away means it. A hold for devices that are
 * offline lasts until all of them are back, since they come back one by one after their control server did.
 */
export function stepHold(
  state: HoldState,
  event: HoldEvent,
  ctx: HoldContext,
): [state: HoldState, actions: readonly HoldAction[]] {
  switch (event.kind) {
    case 'restored':
      return [{ base: event.devices }, [{ kind: 'publish', devices: event.devices }]];
    case 'answer':
      return stepAnswer(state, event.devices, ctx);
    case 'failed':
      return state.held === undefined ? [state, []] : [{ ...state, held: { ...state.held, failedSince: true } }, []];
    default:
      event satisfies { kind: 'timer' };
      return stepTimer(state, ctx);
  }
}

function stepAnswer(state: HoldState, answer: readonly Device[], ctx: HoldContext): [HoldState, readonly HoldAction[]] {
  const { base, held } = state;
  const loss = findLoss(base ?? [], answer, ctx.isOffline);
  const cause = base === undefined ? doubtFirst(answer, ctx) : doubt(loss, held !== undefined);
  if (cause === undefined) {
    return held === undefined ? believe(answer) : believe(answer, told(held.cause, 'recovered', loss));
  }
  const sinceMs = held?.sinceMs ?? ctx.nowMs;
  const holdMs = cause === 'first-answer' && ctx.trustsFirst ? 0 : ctx.holdMs;
  const leftMs = sinceMs + holdMs - ctx.nowMs;
  if (leftMs <= 0) return believe(answer, { ...told(cause, 'believed', loss), afterMs: ctx.nowMs - sinceMs });
  const next: HoldState = { ...state, held: { cause, sinceMs, answer, failedSince: false } };
  const publish: HoldAction[] = base === undefined ? [] : [{ kind: 'publish', devices: withLost(answer, loss) }];
  if (held !== undefined) return [next, publish];
  return [next, [told(cause, 'held', loss), { kind: 'arm', afterMs: leftMs }, ...publish]];
}

function stepTimer(state: HoldState, ctx: HoldContext): [HoldState, readonly HoldAction[]] {
  const { base, held } = state;
  if (held === undefined || held.failedSince) return [state, []];
  const leftMs = held.sinceMs + ctx.holdMs - ctx.nowMs;
  if (leftMs > 0) return [state, [{ kind: 'arm', afterMs: leftMs }]];
  const loss = findLoss(base ?? [], held.answer, ctx.isOffline);
  return believe(held.answer, { ...told(held.cause, 'believed', loss), afterMs: ctx.nowMs - held.sinceMs });
}

/** Of a single device nothing can be said: who has only one may well have turned it off. */
function doubtFirst(answer: readonly Device[], { isOffline }: HoldContext): HoldCause | undefined {
  return answer.length !== 1 && answer.every(isOffline) ? 'first-answer' : undefined;
}

function doubt(loss: Loss, isHeld: boolean): HoldCause | undefined {
  const tooMany = isTooMany(loss);
  if (tooMany.gone) return 'devices-gone';
  return tooMany.offline || (isHeld && loss.offline.length > 0) ? 'devices-offline' : undefined;
}

function believe(devices: readonly Device[], tell?: HoldAction): [HoldState, readonly HoldAction[]] {
  const publish: HoldAction = { kind: 'publish', devices };
  return [{ base: devices }, tell === undefined ? [publish] : [{ kind: 'disarm' }, tell, publish]];
}

function told<T extends 'held' | 'recovered' | 'believed'>(cause: HoldCause, what: T, loss: Loss) {
  const { had, gone, offline } = loss;
  return { kind: 'tell', what, cause, had, gone: gone.length, offline: offline.length } as const;
}
