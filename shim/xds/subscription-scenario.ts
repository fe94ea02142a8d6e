import { createResourceCache } from './resource-cache.ts';
import { createResource } from './resource.ts';
import type { ResourceChange, TypeUrl } from './resource.ts';
import type { SubscriptionAction, SubscriptionEvent, SubscriptionState, Transition } from './subscription.ts';

/** What a subscription sent: the content of each resource by name, and null for a name that is gone. */
export type Told = Readonly<Record<string, number | null>>;

/** A subscription on a cache of its own, without a transport: events in, what is sent out. */
export interface SubscriptionScenario<State, Request> {
  readonly state: State;
  /** All actions so far but responses. */
  readonly actions: readonly Exclude<SubscriptionAction, { kind: 'respond' }>[];
  set(contents: Readonly<Record<string, number>>): void;
  remove(...names: readonly string[]): void;
  /** Makes names on demand: no wildcard sees them. */
  setOnDemand(contents: Readonly<Record<string, number>>): void;
  request(request: Request): void;
  repeat(...names: readonly string[]): void;
  /** Lets the subscription send; undefined: it sends nothing. */
  flush(options?: { readonly hold: boolean }): Told | undefined;
}

/** A scenario for one of the state machines. Nonces are 1, 2, 3, … */
export function createScenario<State extends SubscriptionState, Request>(
  transition: (state: State, event: SubscriptionEvent<Request>) => Transition<State>,
  initial: State,
): SubscriptionScenario<State, Request> {
  const { typeUrl } = initial;
  const cache = createResourceCache();
  const view = cache.view(typeUrl);
  const actions: Exclude<SubscriptionAction, { kind: 'respond' }>[] = [];
  let state = initial;
  let nonce = 0;
  cache.observe((transaction) => step({ kind: 'change', changes: transaction.get(typeUrl) ?? new Map() }));

  function step(event: SubscriptionEvent<Request>): Told | undefined {
    const [next, todo] = transition(state, event);
    state = next;
    let told: Told | undefined;
    for (const action of todo) {
      if (action.kind === 'respond') told = send(action);
      else actions.push(action);
    }
    return told;
  }

  function send({ response }: Extract<SubscriptionAction, { kind: 'respond' }>): Told {
    nonce += 1;
    const { digest, changed } = response;
    const told = [
      ...response.resources().map(({ name, body }) => [name, Number(Buffer.from(body).toString())] as const),
      ...response.removed.map((name) => [name, null] as const),
    ];
    if (new Set(told.map(([name]) => name)).size < told.length) throw new Error('a name is told twice');
    step({ kind: 'sent', sent: { nonce: String(nonce), version: digest.toString(16), changed, at: nonce } });
    return Object.fromEntries(told);
  }

  return {
    get state() {
      return state;
    },
    actions,
    set: (contents) => cache.apply(sets(typeUrl, contents, false)),
    setOnDemand: (contents) => cache.apply(sets(typeUrl, contents, true)),
    remove: (...names) => cache.apply(names.map((name) => ({ kind: 'remove', typeUrl, name }))),
    request: (request) => void step({ kind: 'request', request, view, now: nonce }),
    repeat: (...names) => void step({ kind: 'repeat', names, view }),
    flush: (options = { hold: false }) => step({ kind: 'flush', view, ...options }),
  };
}

function sets(typeUrl: TypeUrl, contents: Readonly<Record<string, number>>, onDemand: boolean): ResourceChange[] {
  return Object.entries(contents).map(([name, content]) => ({
    kind: 'set',
    resource: createResource(typeUrl, name, Buffer.from(String(content)), { onDemand }),
  }));
}
