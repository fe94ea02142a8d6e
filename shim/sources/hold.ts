import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';

/** What is believed of a tailnet, and what is not believed yet. */
export interface HoldState {
  /** The last believed list; absent before anything was. What is lost counts against it, not against the answer before. */
  readonly base?: readonly Device[];
  /** Set while an answer that lost too much waits to be believed. */
  readonly held?: {
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
  /** A hold began, ended by a good answer, or ended by believing what was held. */
  | {
      readonly kind: 'tell';
      readonly what: 'held' | 'recovered' | 'believed';
      readonly had: number;
      readonly lost: number;
    };

/** The settings and the time of one step. */
export interface HoldContext {
  readonly nowMs: number;
  /** How long a suddenly (nearly) empty answer is held; 0: not at all. */
  readonly holdMs: number;
  /**
   * What counts as there. With every device, a hold protects from an API that forgets devices; with a stricter measure
   * (such as "is online") also from one that calls all of them unusable, at the price that a real end of most of them
   * takes the grace period too.
   */
  readonly counts: (device: Device) => boolean;
}

/**
 * The fail-static rule: an answer without devices, or without more than half of those that were believed in before, is
 * held for a grace period, and then believed. While it is held, what it leaves out stays as it was, and what it does
 * say counts at once: new devices, and changes of the others, so that a replaced fleet serves while the old one is held.
 * The first answer ever is believed, whatever it says, and an empty one after it loses nothing.
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
  const { had, lost, tooMany } = lossOf(state.base ?? [], answer, ctx.counts);
  const { held } = state;
  if (!tooMany)
    return held === undefined ? believe(answer) : believe(answer, { kind: 'tell', what: 'recovered', had, lost: 0 });
  const sinceMs = held?.sinceMs ?? ctx.nowMs;
  const leftMs = sinceMs + ctx.holdMs - ctx.nowMs;
  if (leftMs <= 0) return believe(answer, { kind: 'tell', what: 'believed', had, lost: lost.length });
  const publish: HoldAction = { kind: 'publish', devices: withLost(answer, lost) };
  const next: HoldState = { ...state, held: { sinceMs, answer, failedSince: false } };
  if (held !== undefined) return [next, [publish]];
  return [next, [{ kind: 'tell', what: 'held', had, lost: lost.length }, { kind: 'arm', afterMs: leftMs }, publish]];
}

function stepTimer(state: HoldState, ctx: HoldContext): [HoldState, readonly HoldAction[]] {
  if (state.held === undefined || state.held.failedSince) return [state, []];
  const leftMs = state.held.sinceMs + ctx.holdMs - ctx.nowMs;
  if (leftMs > 0) return [state, [{ kind: 'arm', afterMs: leftMs }]];
  const { had, lost } = lossOf(state.base ?? [], state.held.answer, ctx.counts);
  return believe(state.held.answer, { kind: 'tell', what: 'believed', had, lost: lost.length });
}

function believe(devices: readonly Device[], tell?: HoldAction): [HoldState, readonly HoldAction[]] {
  const publish: HoldAction = { kind: 'publish', devices };
  return [{ base: devices }, tell === undefined ? [publish] : [{ kind: 'disarm' }, tell, publish]];
}

/** The devices that counted before and are gone, or do not count any more. */
function lossOf(base: readonly Device[], answer: readonly Device[], counts: HoldContext['counts']) {
  const counted = base.filter(counts);
  const kept = new Set(answer.filter(counts).map(({ id }) => id));
  const lost = counted.filter(({ id }) => !kept.has(id));
  const nobodyLeft = lost.length > 0 && kept.size === 0;
  return { had: counted.length, lost, tooMany: nobodyLeft || lost.length * 2 > counted.length };
}

/** The answer with what it has lost, but for who has lost the address to another. */
function withLost(answer: readonly Device[], lost: readonly Device[]): readonly Device[] {
  const lostIds = new Set(lost.map(({ id }) => id));
  const others = answer.filter(({ id }) => !lostIds.has(id));
  const taken = new Set(others.flatMap(({ addresses }) => addresses));
  return [...others, ...lost.filter(({ addresses }) => !addresses.some((address) => taken.has(address)))];
}
