import type { CachedResource, ResourceView } from './resource-cache.ts';
import { sumDigests } from './resource-cache.ts';
import type { TypeUrl } from './resource.ts';
import {
  applyAnswer,
  applyChange,
  applyRepeat,
  applySent,
  createSubscriptionState,
  givenResource,
  hasLegacyWildcard,
  isDue,
  noActions,
  noDue,
  visibleResource,
  wildcardName,
} from './subscription.ts';
import type { Due, SubscriptionAction, SubscriptionEvent, SubscriptionState, Transition } from './subscription.ts';

/** An incremental subscription. `owed` is about its wildcard alone: names are always in `due`. */
export interface DeltaState extends SubscriptionState {
  /** The versions that the client came with, by name, until its first answer. */
  readonly known: ReadonlyMap<string, string>;
  /**
   * What the client may have, or be about to receive, although it has dropped it or asked for the wildcard again: when a
   * wildcard is answered, it is told what of that is gone.
   */
  readonly mayHave: ReadonlySet<string>;
}

/** What a DeltaDiscoveryRequest says about one type. */
export interface DeltaRequest {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: ReadonlyMap<string, string>;
  readonly nonce: string;
  /** The message of `error_detail`; undefined: there is none. */
  readonly error: string | undefined;
}

/** How many responses may be without an answer; that of older ones no longer counts. */
const maxOutstanding = 64;

const nothingKnown: ReadonlyMap<string, string> = new Map();

const noNames: ReadonlySet<string> = new Set();

/** A subscription before its first request. */
export function createDeltaState(typeUrl: TypeUrl): DeltaState {
  return { ...createSubscriptionState(typeUrl), known: nothingKnown, mayHave: noNames };
}

/**
 * The incremental protocol for one type on one stream.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
 */
export function transitionDelta(state: DeltaState, event: SubscriptionEvent<DeltaRequest>): Transition<DeltaState> {
  switch (event.kind) {
    case 'request':
      return takeRequest(state, event.request, event.view, event.now);
    case 'change':
      return [applyChange(state, event.changes), noActions];
    case 'repeat':
      return [applyRepeat(state, event.names, event.view), noActions];
    case 'flush':
      return isDue(state) ? respond(state, event.view, event.hold) : [state, noActions];
    default:
      return [applySent(state, event.sent, maxOutstanding), noActions];
  }
}

/** A stale nonce answers nothing, but the changes of the subscription count all the same. */
function takeRequest(
  state: DeltaState,
  request: DeltaRequest,
  view: ResourceView,
  now: number,
): Transition<DeltaState> {
  const [settled, actions] = applyAnswer(state, request.nonce, request.error, now);
  const answered = forgetWhatWasRead(settled);
  const stale: readonly SubscriptionAction[] =
    actions.length === 0 && request.nonce !== '' ? [{ kind: 'stale', nonce: request.nonce }] : actions;
  if (state.requested && request.subscribe.length === 0 && request.unsubscribe.length === 0) return [answered, stale];
  const [next, watchActions] = changeSubscription(answered, request, view);
  return [next, [...stale, ...watchActions]];
}

/**
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#subscribing-to-resources
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#unsubscribing-from-resources
 */
function changeSubscription(state: DeltaState, request: DeltaRequest, view: ResourceView): Transition<DeltaState> {
  const known = state.requested ? state.known : request.initialVersions;
  const names = new Set(state.names);
  const due = new Map(state.due);
  const watch: string[] = [];
  const unwatch: string[] = [];
  let { wildcard, owed, mayHave } = state;
  for (const name of isLegacyWildcard(state, request) ? [wildcardName] : request.subscribe) {
    if (!(name === wildcardName ? wildcard : names.has(name))) watch.push(name);
    if (name === wildcardName) {
      if (wildcard) mayHave = new Set([...mayHave, ...wildcardNames(state, view)]);
      wildcard = owed = true;
      continue;
    }
    names.add(name);
    // Sent even if the client has it, for it may have forgotten it; but not if it says in the same breath that it has it.
    const forced = state.requested || !known.has(name);
    due.set(name, { before: givenResource(state, name, view), forced });
  }
  for (const name of request.unsubscribe) {
    if (!(name === wildcardName ? wildcard : names.has(name))) continue;
    unwatch.push(name);
    if (name === wildcardName) {
      wildcard = owed = false;
      if (state.outstanding.length > 0) mayHave = new Set([...mayHave, ...wildcardNames(state, view)]);
      continue;
    }
    names.delete(name);
    if (state.outstanding.length > 0) mayHave = new Set([...mayHave, name]);
    // Under a wildcard the client can't know whether it may forget the resource: it is told.
    due.set(name, { before: givenResource(state, name, view), forced: true });
  }
  for (const name of due.keys()) if (!wildcard && !names.has(name)) due.delete(name);
  const told = due.size === 0 ? noDue : due;
  const next = { ...state, requested: true, known, mayHave, wildcard, owed, names, due: told };
  return [{ ...next, named: state.named || request.subscribe.length > 0 }, watchActions(watch, unwatch)];
}

/** A client that has answered everything has read it, and what it had dropped by then it has thrown away. */
function forgetWhatWasRead(state: DeltaState): DeltaState {
  if (state.mayHave.size === 0 || state.owed || state.outstanding.length > 0) return state;
  return { ...state, mayHave: noNames };
}

/** All that a wildcard may have given: what is there, and what has changed since. */
function wildcardNames(state: DeltaState, view: ResourceView): ReadonlySet<string> {
  return new Set([...view.wildcard().map(({ name }) => name), ...state.due.keys()]);
}

/** An empty first request. */
function isLegacyWildcard(state: DeltaState, { subscribe, unsubscribe }: DeltaRequest): boolean {
  const isEmpty = subscribe.length === 0 && unsubscribe.length === 0;
  return !state.requested && isEmpty && hasLegacyWildcard(state.typeUrl);
}

function watchActions(watch: readonly string[], unwatch: readonly string[]): readonly SubscriptionAction[] {
  const actions: SubscriptionAction[] = [];
  if (watch.length > 0) actions.push({ kind: 'watch', names: watch });
  if (unwatch.length > 0) actions.push({ kind: 'unwatch', names: unwatch });
  return actions;
}

/** What the client is to be told, each name once, whether it comes by the wildcard, by its name or by both. */
interface News {
  readonly resources: CachedResource[];
  readonly removed: string[];
  /** Removals that have to wait. */
  readonly held: Map<string, Due>;
}

function respond(state: DeltaState, view: ResourceView, hold: boolean): Transition<DeltaState> {
  const news: News = { resources: [], removed: [], held: new Map() };
  // Who comes with nothing gets all there is, in a response that is the same for all such clients.
  const everything = state.owed && state.known.size === 0;
  if (state.owed && !everything) compareKnown(state, view, news);
  if (state.owed) tellGone(state, view, news);
  for (const [name, due] of state.due) {
    const resource = visibleResource(state, name, view.get(name));
    if (due.forced !== true && (due.before?.version ?? state.known.get(name)) === resource?.version) continue;
    if (resource === undefined && hold && due.before !== undefined) news.held.set(name, due);
    else if (resource === undefined) news.removed.push(name);
    else if (!everything || resource.onDemand === true) news.resources.push(resource);
  }
  const due = news.held.size === 0 ? noDue : news.held;
  const mayHave = state.owed ? noNames : state.mayHave;
  const next = { ...state, owed: false, known: nothingKnown, mayHave, due };
  // A new wildcard is answered even with nothing: Envoy waits for it before it goes on.
  if (!everything && news.resources.length === 0 && news.removed.length === 0) return [next, noActions];
  const response = {
    typeUrl: state.typeUrl,
    digest: view.digest,
    content: contentDigest(everything, news),
    resources: () => (everything ? [...view.wildcard(), ...news.resources] : news.resources),
    changed: everything ? undefined : news.resources,
    removed: news.removed,
  };
  return [next, [{ kind: 'respond', response }]];
}

/** Negative for everything, which what is on demand may come on top of. */
function contentDigest(everything: boolean, news: News): bigint {
  const sum = sumDigests(news.resources);
  return everything ? -1n - sum : sum;
}

/** What the wildcard owes to a client that came with versions: the difference. */
function compareKnown(state: DeltaState, view: ResourceView, news: News): void {
  for (const resource of view.wildcard()) {
    const { name, version } = resource;
    if (!state.due.has(name) && state.known.get(name) !== version) news.resources.push(resource);
  }
  for (const name of state.known.keys()) {
    if (!state.due.has(name) && visibleResource(state, name, view.get(name)) === undefined) news.removed.push(name);
  }
}

/** What the wildcard owes to a client that may have something by it already: what is gone. */
function tellGone(state: DeltaState, view: ResourceView, news: News): void {
  for (const name of state.mayHave) {
    if (state.due.has(name) || state.known.has(name)) continue;
    if (visibleResource(state, name, view.get(name)) === undefined) news.removed.push(name);
  }
}
