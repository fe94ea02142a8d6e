import type { CachedResource, ResourceView } from './resource-cache.ts';
import { replaceDigest, sumDigests } from './resource-cache.ts';
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
import type {
  Due,
  SubscriptionAction,
  SubscriptionEvent,
  SubscriptionResponse,
  SubscriptionState,
  Transition,
} from './subscription.ts';

/** A state-of-the-world subscription. */
export interface SotwState extends SubscriptionState {
  /** The list of the newest request that counted, as it came. */
  readonly list: readonly string[];
  /** The sum of the digests of what the client was given: its hexadecimal form is the version. */
  readonly digest: bigint;
}

/** What a DiscoveryRequest says about one type. */
export interface SotwRequest {
  readonly names: readonly string[];
  readonly nonce: string;
  /** The message of `error_detail`; undefined: there is none. */
  readonly error: string | undefined;
}

const noneRemoved: readonly string[] = [];

/** A subscription before its first request. */
export function createSotwState(typeUrl: TypeUrl): SotwState {
  return { ...createSubscriptionState(typeUrl), list: [], digest: 0n };
}

/**
 * The state-of-the-world protocol for one type on one stream. Responses do not wait for the answer to the one before: a
 * client that falls behind is held back by its transport, where only the newest state is sent, not by the protocol.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#streaming-grpc-subscriptions
 */
export function transitionSotw(state: SotwState, event: SubscriptionEvent<SotwRequest>): Transition<SotwState> {
  switch (event.kind) {
    case 'request':
      return takeRequest(state, event.request, event.view, event.now);
    case 'change':
      return [applyChange(state, event.changes), noActions];
    case 'repeat':
      return [applyRepeat(state, event.names, event.view), noActions];
    case 'flush':
      if (!isDue(state)) return [state, noActions];
      return state.owed ? respondWithAll(state, event.view) : respondWithDue(state, event.view, event.hold);
    default:
      return [applySent(state, event.sent, 1), noActions];
  }
}

function takeRequest(state: SotwState, request: SotwRequest, view: ResourceView, now: number): Transition<SotwState> {
  if (state.requested && request.nonce !== state.nonce) return takeStaleRequest(state, request);
  const [answered, actions] = applyAnswer(state, request.nonce, request.error, now);
  // An empty list is another one once names were given: it no longer means everything.
  const sameMeaning = request.names.length > 0 || !(state.wildcard && state.named);
  if (state.requested && sameMeaning && isSameList(state.list, request.names)) return [answered, actions];
  const [next, watchActions] = subscribe(answered, request.names, view);
  return [next, [...actions, ...watchActions]];
}

/**
 * The list of a stale request is left alone: the answer to the newer response, which is on its way, brings the whole list
 * again. But that names were given counts.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#resource-updates
 */
function takeStaleRequest(state: SotwState, { names, nonce }: SotwRequest): Transition<SotwState> {
  const next = names.length > 0 && !state.named ? { ...state, named: true } : state;
  return [next, [{ kind: 'stale', nonce }]];
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, index) => name === b[index]));
}

/**
 * Takes over a new list. Added names are owed an answer, also those that the wildcard has given already. Dropped ones need
 * none, but for what the client would take for a part of the wildcard that it still has.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#how-the-client-specifies-what-resources-to-return
 */
function subscribe(state: SotwState, list: readonly string[], view: ResourceView): Transition<SotwState> {
  const names = new Set(list);
  const wildcard =
    names.delete(wildcardName) || (list.length === 0 && !state.named && hasLegacyWildcard(state.typeUrl));
  const owed = !state.requested || state.owed || (wildcard && !state.wildcard);
  const due = owed ? noDue : dueOfNewList(state, names, wildcard, view);
  // Where everything is owed, the digest is made with the answer.
  const digest = owed ? state.digest : givenDigest({ wildcard, names, due }, view);
  const named = state.named || list.length > 0;
  const next = { ...state, requested: true, list, wildcard, names, named, owed, due, digest };
  return [next, watchActions(state, next)];
}

function dueOfNewList(
  state: SotwState,
  names: ReadonlySet<string>,
  wildcard: boolean,
  view: ResourceView,
): ReadonlyMap<string, Due> {
  const due = new Map<string, Due>();
  for (const [name, entry] of state.due) if (wildcard || names.has(name)) due.set(name, entry);
  for (const name of names) {
    if (!state.names.has(name)) due.set(name, { before: givenResource(state, name, view), forced: true });
  }
  for (const name of wildcard ? state.names : []) {
    if (!names.has(name)) due.set(name, { before: givenResource(state, name, view) });
  }
  return due.size === 0 ? noDue : due;
}

function watchActions(state: SotwState, next: SotwState): readonly SubscriptionAction[] {
  const watch = [...next.names].filter((name) => !state.names.has(name));
  const unwatch = [...state.names].filter((name) => !next.names.has(name));
  if (next.wildcard && !state.wildcard) watch.push(wildcardName);
  if (state.wildcard && !next.wildcard) unwatch.push(wildcardName);
  const actions: SubscriptionAction[] = [];
  if (watch.length > 0) actions.push({ kind: 'watch', names: watch });
  if (unwatch.length > 0) actions.push({ kind: 'unwatch', names: unwatch });
  return actions;
}

/** The digest from scratch: what is there now, and of what is due what was there before. */
function givenDigest(state: Pick<SotwState, 'wildcard' | 'names' | 'due'>, view: ResourceView): bigint {
  let digest = state.wildcard ? view.digest : 0n;
  for (const name of state.names) {
    const resource = view.get(name);
    if (!(state.wildcard && resource?.onDemand !== true)) digest = replaceDigest(digest, undefined, resource);
  }
  for (const [name, { before }] of state.due) {
    digest = replaceDigest(digest, visibleResource(state, name, view.get(name)), before);
  }
  return digest;
}

/** The first answer, or the first one after a wildcard: everything, and for listeners and clusters even nothing. */
function respondWithAll(state: SotwState, view: ResourceView): Transition<SotwState> {
  const { wildcard, names } = state;
  const next = { ...state, owed: false, due: noDue, digest: givenDigest({ wildcard, names, due: noDue }, view) };
  if (!isFullState(state) && next.digest === 0n) return [next, noActions];
  return [next, [{ kind: 'respond', response: fullResponse(next, view, undefined) }]];
}

/**
 * What has changed. For listeners and clusters that means the full state again, in which names that are gone but held
 * stay until the hold ends; for the others it means the changed resources alone, and nothing for those that are gone.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#grouping-resources-into-responses
 */
function respondWithDue(state: SotwState, view: ResourceView, hold: boolean): Transition<SotwState> {
  const fullState = isFullState(state);
  let kept: Map<string, Due> | undefined;
  const changed: CachedResource[] = [];
  let news = false;
  let { digest } = state;
  for (const [name, due] of state.due) {
    const { before } = due;
    const resource = visibleResource(state, name, view.get(name));
    if (due.forced !== true && before?.version === resource?.version) continue;
    if (fullState && hold && resource === undefined && before !== undefined) {
      kept ??= new Map();
      kept.set(name, due);
      continue;
    }
    digest = replaceDigest(digest, before, resource);
    news ||= fullState || resource !== undefined;
    if (resource !== undefined) changed.push(resource);
  }
  const next = { ...state, due: kept ?? noDue, digest };
  if (!news) return [next, noActions];
  const response = fullState ? fullResponse(next, view, changed) : partialResponse(next, changed);
  return [next, [{ kind: 'respond', response }]];
}

function isFullState(state: SotwState): boolean {
  return hasLegacyWildcard(state.typeUrl);
}

function fullResponse(
  state: SotwState,
  view: ResourceView,
  changed: readonly CachedResource[] | undefined,
): SubscriptionResponse {
  const { typeUrl, digest } = state;
  return { typeUrl, digest, content: -1n, resources: () => fullContent(state, view), changed, removed: noneRemoved };
}

/** All that the client sees, with what is gone but still due: it is held. */
function fullContent({ wildcard, names, due }: SotwState, view: ResourceView): readonly CachedResource[] {
  const resources = wildcard ? [...view.wildcard()] : [];
  for (const name of [...names].toSorted()) {
    const resource = view.get(name);
    if (resource !== undefined && !(wildcard && resource.onDemand !== true)) resources.push(resource);
  }
  for (const { before } of due.values()) if (before !== undefined) resources.push(before);
  return resources;
}

function partialResponse(state: SotwState, changed: readonly CachedResource[]): SubscriptionResponse {
  const { typeUrl, digest } = state;
  return { typeUrl, digest, content: sumDigests(changed), resources: () => changed, changed, removed: noneRemoved };
}
