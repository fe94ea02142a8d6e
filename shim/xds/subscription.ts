import { typeUrls } from './resource.ts';
import type { TypeUrl } from './resource.ts';
import type { CacheChange, CachedResource, ResourceView } from './resource-cache.ts';

/** A name about which the client has not been told everything yet. */
export interface Due {
  /** What the client has under this name; undefined: nothing. */
  readonly before: CachedResource | undefined;
  /** Tell it even if that is still current. */
  readonly forced?: boolean;
}

/** What both protocol variants know of a subscription: one type on one stream. */
export interface SubscriptionState {
  readonly typeUrl: TypeUrl;
  /** Whether the client has sent a request for this type. */
  readonly requested: boolean;
  readonly wildcard: boolean;
  /** The names subscribed to, without `*`. */
  readonly names: ReadonlySet<string>;
  /** Whether a name or `*` was ever given: from then on an empty list means nothing, not everything. */
  readonly named: boolean;
  /** The client is owed everything that it subscribes to. */
  readonly owed: boolean;
  /** What else is to be told, by name. */
  readonly due: ReadonlyMap<string, Due>;
  /** Of the newest response; empty before the first. */
  readonly nonce: string;
  /** The responses without an answer, oldest first, as far back as an answer would still count. */
  readonly outstanding: readonly SentResponse[];
  readonly sentVersion: string;
  readonly ackedVersion: string;
  readonly nackedVersion: string;
  /** What the client said of `nackedVersion`. */
  readonly error: string;
}

/** What is remembered of a response until it is answered. */
export interface SentResponse {
  readonly nonce: string;
  readonly version: string;
  /** The resources that were new in it; undefined: all. */
  readonly changed: readonly CachedResource[] | undefined;
  /** When it was sent, in milliseconds. */
  readonly at: number;
}

/** What happens to a subscription. The requests are of the variant's own shape. */
export type SubscriptionEvent<Request> =
  | { readonly kind: 'request'; readonly request: Request; readonly view: ResourceView; readonly now: number }
  /** Names of this type are not what they were, whether or not they are subscribed to. */
  | { readonly kind: 'change'; readonly changes: ReadonlyMap<string, CacheChange> }
  /** Names must be sent again although unchanged. */
  | { readonly kind: 'repeat'; readonly names: Iterable<string>; readonly view: ResourceView }
  /** The stream can take a response. With `hold`, removals must wait. */
  | { readonly kind: 'flush'; readonly view: ResourceView; readonly hold: boolean }
  /** The response of the last flush went out. */
  | { readonly kind: 'sent'; readonly sent: SentResponse };

/** What the transport has to do for a subscription. `*` among names is the wildcard. */
export type SubscriptionAction =
  | { readonly kind: 'watch'; readonly names: readonly string[] }
  | { readonly kind: 'unwatch'; readonly names: readonly string[] }
  | { readonly kind: 'respond'; readonly response: SubscriptionResponse }
  | { readonly kind: 'ack'; readonly sent: SentResponse; readonly now: number }
  | { readonly kind: 'nack'; readonly sent: SentResponse; readonly message: string }
  | { readonly kind: 'stale'; readonly nonce: string };

/** The content of a response, without a nonce. */
export interface SubscriptionResponse {
  readonly typeUrl: TypeUrl;
  /** What the version is the text of: the same for the same content, on every replica. */
  readonly digest: bigint;
  /** The sum of the digests of the resources, -1 for all that the digest covers: with the digest and `removed`, the whole content. */
  readonly content: bigint;
  /** The resources; only asked for when no equal response was encoded before. */
  readonly resources: () => readonly CachedResource[];
  /** The resources that are new to the client; undefined: all of `resources`. */
  readonly changed: readonly CachedResource[] | undefined;
  /** Names that are gone, or were never there (delta only). */
  readonly removed: readonly string[];
}

/** A next state and what to do about it. */
export type Transition<State> = readonly [State, readonly SubscriptionAction[]];

/** The name that stands for all resources of a type. */
export const wildcardName = '*';

/** Nothing is to be done. */
export const noActions: readonly SubscriptionAction[] = [];

const noneOutstanding: readonly SentResponse[] = [];

const noNames: ReadonlySet<string> = new Set();

/** Nothing is due: shared, so that a quiet stream holds no map of its own. */
export const noDue: ReadonlyMap<string, Due> = new Map();

/** A subscription before its first request. */
export function createSubscriptionState(typeUrl: TypeUrl): SubscriptionState {
  return {
    typeUrl,
    requested: false,
    wildcard: false,
    names: noNames,
    named: false,
    owed: false,
    due: noDue,
    nonce: '',
    outstanding: noneOutstanding,
    sentVersion: '',
    ackedVersion: '',
    nackedVersion: '',
    error: '',
  };
}

/**
 * Whether an empty first list means everything. Only listeners and clusters have this legacy.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#how-the-client-specifies-what-resources-to-return
 */
export function hasLegacyWildcard(typeUrl: TypeUrl): boolean {
  return typeUrl === typeUrls.listener || typeUrl === typeUrls.cluster;
}

/** The resource under `name` as this subscription sees it. */
export function visibleResource(
  state: Pick<SubscriptionState, 'wildcard' | 'names'>,
  name: string,
  resource: CachedResource | undefined,
): CachedResource | undefined {
  if (resource === undefined || state.names.has(name)) return resource;
  return state.wildcard && resource.onDemand !== true ? resource : undefined;
}

/** What the client was last given under `name`. */
export function givenResource(state: SubscriptionState, name: string, view: ResourceView): CachedResource | undefined {
  const due = state.due.get(name);
  return due === undefined ? visibleResource(state, name, view.get(name)) : due.before;
}

/** Whether nothing is to be told and nothing waits for an answer. */
export function isSettled(state: SubscriptionState): boolean {
  return !isDue(state) && state.outstanding.length === 0;
}

/** Whether there is something to tell. */
export function isDue(state: SubscriptionState): boolean {
  return state.owed || state.due.size > 0;
}

/** The state after names of this type have changed: they are due, each with what the client had before the first change. */
export function applyChange<State extends SubscriptionState>(
  state: State,
  changes: ReadonlyMap<string, CacheChange>,
): State {
  // The same map serves all the streams that are up to date and concerned by all of it: by far the most.
  if (state.due.size === 0 && isConcernedByAll(state, changes)) return { ...state, due: changes };
  const due = new Map(state.due);
  for (const [name, { before }] of changes) {
    if (due.has(name) || !isConcerned(state, name)) continue;
    due.set(name, { before: visibleResource(state, name, before) });
  }
  return due.size === state.due.size ? state : { ...state, due };
}

function isConcernedByAll(state: SubscriptionState, changes: ReadonlyMap<string, CacheChange>): boolean {
  for (const [name, { before }] of changes) {
    if (!isConcerned(state, name) || visibleResource(state, name, before) !== before) return false;
  }
  return true;
}

/** Whether a change of `name` has to be noted; a client that is owed the whole wildcard gets it anyway. */
function isConcerned(state: SubscriptionState, name: string): boolean {
  return (state.wildcard && !state.owed) || state.names.has(name);
}

/** The state in which `names`, as far as they are seen, are due whatever the client has. */
export function applyRepeat<State extends SubscriptionState>(
  state: State,
  names: Iterable<string>,
  view: ResourceView,
): State {
  let due: Map<string, Due> | undefined;
  for (const name of names) {
    if (state.owed || visibleResource(state, name, view.get(name)) === undefined) continue;
    due ??= new Map(state.due);
    due.set(name, { before: givenResource(state, name, view), forced: true });
  }
  return due === undefined ? state : { ...state, due };
}

/** The state after an answer to one of the outstanding responses; those before it are superseded. */
export function applyAnswer<State extends SubscriptionState>(
  state: State,
  nonce: string,
  error: string | undefined,
  now: number,
): Transition<State> {
  const index = state.outstanding.findIndex((sent) => sent.nonce === nonce);
  const sent = state.outstanding[index];
  if (sent === undefined) return [state, noActions];
  const outstanding = index + 1 === state.outstanding.length ? noneOutstanding : state.outstanding.slice(index + 1);
  return error === undefined
    ? [{ ...state, outstanding, ackedVersion: sent.version }, [{ kind: 'ack', sent, now }]]
    : [{ ...state, outstanding, nackedVersion: sent.version, error }, [{ kind: 'nack', sent, message: error }]];
}

/** The state after a response went out; at most `limit` of them are waited for. */
export function applySent<State extends SubscriptionState>(state: State, sent: SentResponse, limit: number): State {
  const outstanding = limit === 1 ? [sent] : [...state.outstanding.slice(1 - limit), sent];
  return { ...state, nonce: sent.nonce, sentVersion: sent.version, outstanding };
}

/** A digest as versions show it. */
export function digestToVersion(digest: bigint): string {
  return digest.toString(16).padStart(32, '0');
}
