import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { createDeltaState, transitionDelta } from './delta-subscription.ts';
import type { DeltaRequest } from './delta-subscription.ts';
import { createResourceCache } from './resource-cache.ts';
import type { CachedResource, ResourceCache } from './resource-cache.ts';
import { createResource, typeUrls } from './resource.ts';
import type { TypeUrl } from './resource.ts';
import { createSotwState, transitionSotw } from './sotw-subscription.ts';
import type { SotwRequest } from './sotw-subscription.ts';
import { hasLegacyWildcard } from './subscription.ts';
import type { SubscriptionEvent, SubscriptionResponse, SubscriptionState, Transition } from './subscription.ts';

/** What a client and a wire with any delay do, and how often. */
type Step =
  | { readonly kind: 'set'; readonly name: string; readonly content: number; readonly onDemand: boolean }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'subscribe'; readonly names: readonly string[] }
  | { readonly kind: 'unsubscribe'; readonly names: readonly string[] }
  | { readonly kind: 'server reads' }
  | { readonly kind: 'server writes'; readonly hold: boolean }
  | { readonly kind: 'client reads'; readonly accept: boolean }
  | { readonly kind: 'repeat'; readonly names: readonly string[] };

const names = ['a', 'b', 'c', 'd'];
const someNames = fc.uniqueArray(fc.constantFrom('*', ...names, 'never'), { maxLength: 4 });

/** `onDemand`: whether resources may be such as no wildcard sees. */
const steps = (onDemand: fc.Arbitrary<boolean>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant('set' as const),
        name: fc.constantFrom(...names),
        content: fc.integer({ min: 1, max: 3 }),
        onDemand,
      }),
      fc.record({ kind: fc.constant('remove' as const), name: fc.constantFrom(...names) }),
      fc.record({ kind: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), names: someNames }),
      fc.record({ kind: fc.constant('repeat' as const), names: someNames }),
      fc.record({ kind: fc.constant('server reads' as const) }),
      fc.record({ kind: fc.constant('server writes' as const), hold: fc.boolean() }),
      fc.record({ kind: fc.constant('client reads' as const), accept: fc.boolean() }),
    ),
    { maxLength: 60 },
  );

/** A response on its way: what is in it, read when it was written. */
interface Letter {
  readonly nonce: string;
  readonly resources: readonly CachedResource[];
  readonly removed: readonly string[];
}

/** A client of one variant: what it holds, and what it says. */
interface Client<Request> {
  first(): Request;
  subscribe(names: readonly string[]): Request;
  unsubscribe(names: readonly string[]): Request;
  receive(letter: Letter, accept: boolean): Request;
  /** What it has of what it wants, by name. */
  readonly have: ReadonlyMap<string, string>;
  /** What it should have in the end. */
  wanted(cache: ResourceCache): ReadonlyMap<string, string>;
}

function visible(cache: ResourceCache, typeUrl: TypeUrl, wildcard: boolean, list: ReadonlySet<string>) {
  const view = cache.view(typeUrl);
  const found = new Map<string, string>();
  if (wildcard) for (const { name, version } of view.wildcard()) found.set(name, version);
  for (const name of list) {
    const resource = view.get(name);
    if (resource !== undefined) found.set(name, resource.version);
  }
  return found;
}

function createSotwClient(typeUrl: TypeUrl, first: readonly string[]): Client<SotwRequest> {
  const have = new Map<string, string>();
  let list = first;
  let named = first.length > 0;
  let nonce = '';
  const wildcard = () => list.includes('*') || (list.length === 0 && !named && hasLegacyWildcard(typeUrl));
  const say = (error?: string): SotwRequest => ({ names: list, nonce, error });
  function change(next: readonly string[]): SotwRequest {
    list = next;
    named ||= next.length > 0;
    for (const name of have.keys()) if (!wildcard() && !list.includes(name)) have.delete(name);
    return say();
  }
  return {
    have,
    first: say,
    subscribe: (more) => change([...new Set([...list, ...more])]),
    unsubscribe: (less) => change(list.filter((name) => !less.includes(name))),
    receive(letter, accept) {
      ({ nonce } = letter);
      if (hasLegacyWildcard(typeUrl)) have.clear();
      for (const { name, version } of letter.resources) {
        if (wildcard() || list.includes(name)) have.set(name, version);
      }
      return say(accept ? undefined : 'refused');
    },
    wanted: (cache) => visible(cache, typeUrl, wildcard(), new Set(list)),
  };
}

function createDeltaClient(typeUrl: TypeUrl, first: readonly string[]): Client<DeltaRequest> {
  const have = new Map<string, string>();
  const list = new Set(first.filter((name) => name !== '*'));
  let wildcard = first.includes('*') || (first.length === 0 && hasLegacyWildcard(typeUrl));
  const say = (request: Partial<DeltaRequest>): DeltaRequest => ({
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    nonce: '',
    error: undefined,
    ...request,
  });
  return {
    have,
    first: () => say({ subscribe: first }),
    subscribe(more) {
      for (const name of more) {
        if (name === '*') wildcard = true;
        else list.add(name);
      }
      return say({ subscribe: more });
    },
    unsubscribe(less) {
      for (const name of less) {
        if (name === '*') wildcard = false;
        else list.delete(name);
      }
      for (const name of have.keys()) if (!wildcard && !list.has(name)) have.delete(name);
      return say({ unsubscribe: less });
    },
    receive(letter, accept) {
      for (const { name, version } of letter.resources) if (wildcard || list.has(name)) have.set(name, version);
      for (const name of letter.removed) have.delete(name);
      return say({ nonce: letter.nonce, error: accept ? undefined : 'refused' });
    },
    wanted: (cache) => visible(cache, typeUrl, wildcard, list),
  };
}

/** Plays `script`, then lets the wire run dry. */
function play<State extends SubscriptionState, Request>(
  transition: (state: State, event: SubscriptionEvent<Request>) => Transition<State>,
  initial: State,
  client: Client<Request>,
  script: readonly Step[],
): { readonly cache: ResourceCache; readonly state: State } {
  const { typeUrl } = initial;
  const cache = createResourceCache();
  const view = cache.view(typeUrl);
  const requests: Request[] = [client.first()];
  const letters: Letter[] = [];
  let state = initial;
  let nonce = 0;
  cache.observe((transaction) => server({ kind: 'change', changes: transaction.get(typeUrl) ?? new Map() }));

  function server(event: SubscriptionEvent<Request>): void {
    const before = Object.freeze(state);
    const [next, actions] = transition(before, event);
    state = next;
    for (const action of actions) if (action.kind === 'respond') write(action.response);
  }

  function write({ digest, resources, changed, removed }: SubscriptionResponse): void {
    nonce += 1;
    const letter = { nonce: String(nonce), resources: resources(), removed };
    const told = [...letter.resources.map(({ name }) => name), ...removed];
    expect(new Set(told).size, 'a name is told twice').toBe(told.length);
    letters.push(letter);
    server({ kind: 'sent', sent: { nonce: letter.nonce, version: digest.toString(16), changed, at: 0 } });
  }

  function read(): void {
    const request = requests.shift();
    if (request !== undefined) server({ kind: 'request', request, view, now: 0 });
  }

  function take(accept: boolean): void {
    const letter = letters.shift();
    if (letter !== undefined) requests.push(client.receive(letter, accept));
  }

  for (const step of script) {
    if (step.kind === 'set') {
      const { name, content, onDemand } = step;
      const resource = createResource(typeUrl, name, Buffer.from(String(content)), { onDemand });
      cache.apply([{ kind: 'set', resource }]);
    } else if (step.kind === 'remove') cache.apply([{ kind: 'remove', typeUrl, name: step.name }]);
    else if (step.kind === 'subscribe') requests.push(client.subscribe(step.names));
    else if (step.kind === 'unsubscribe') requests.push(client.unsubscribe(step.names));
    else if (step.kind === 'repeat') server({ kind: 'repeat', names: step.names, view });
    else if (step.kind === 'server reads') read();
    else if (step.kind === 'server writes') server({ kind: 'flush', view, hold: step.hold });
    else take(step.accept);
  }
  for (let rounds = 0; requests.length + letters.length > 0 || state.due.size > 0 || state.owed; rounds += 1) {
    expect(rounds, 'it never comes to rest').toBeLessThan(500);
    while (requests.length > 0) read();
    server({ kind: 'flush', view, hold: false });
    while (letters.length > 0) take(true);
  }
  return { cache, state };
}

const numRuns = 1000;

test.each([
  ['clusters', typeUrls.cluster],
  ['load assignments', typeUrls.endpoint],
])('state of the world: any interleaving ends with the current resources at the client: %s', (_, typeUrl) => {
  fc.assert(
    fc.property(someNames, steps(fc.boolean()), (first, script) => {
      const client = createSotwClient(typeUrl, first);
      const { cache, state } = play(transitionSotw, createSotwState(typeUrl), client, script);
      const wanted = client.wanted(cache);
      // A partial response can't say that something is gone.
      const have = [...client.have].filter(([name]) => wanted.has(name) || hasLegacyWildcard(typeUrl));
      expect(new Map(have)).toEqual(wanted);
      expect(state.outstanding).toEqual([]);
    }),
    { numRuns },
  );
});

test.each([
  ['clusters', typeUrls.cluster],
  ['load assignments', typeUrls.endpoint],
])('incremental: any interleaving ends with the current resources at the client: %s', (_, typeUrl) => {
  fc.assert(
    // Who drops the name of an on-demand resource for a wildcard, while that is on its way, takes it for a part of the
    // wildcard: the protocol has no remedy, so there are none here.
    fc.property(someNames, steps(fc.constant(false)), (first, script) => {
      const client = createDeltaClient(typeUrl, first);
      const { cache, state } = play(transitionDelta, createDeltaState(typeUrl), client, script);
      expect(client.have).toEqual(client.wanted(cache));
      expect(state.outstanding).toEqual([]);
    }),
    {
      numRuns,
      examples: [
        // A wildcard that is dropped and taken back while something is on the way.
        [
          [],
          [
            { kind: 'server reads' },
            { kind: 'unsubscribe', names: ['*'] },
            { kind: 'set', name: 'c', content: 1, onDemand: false },
            { kind: 'server writes', hold: false },
            { kind: 'remove', name: 'c' },
            { kind: 'subscribe', names: ['*'] },
          ],
        ],
        // One that is asked for twice, with a removal before the second answer.
        [
          [],
          [
            { kind: 'set', name: 'a', content: 1, onDemand: false },
            { kind: 'server reads' },
            { kind: 'server writes', hold: false },
            { kind: 'subscribe', names: ['*'] },
            { kind: 'server reads' },
            { kind: 'remove', name: 'a' },
          ],
        ],
        // One that is asked for while a name that was dropped is on the way.
        [
          ['d'],
          [
            { kind: 'server reads' },
            { kind: 'set', name: 'd', content: 1, onDemand: false },
            { kind: 'unsubscribe', names: ['d'] },
            { kind: 'server writes', hold: false },
            { kind: 'subscribe', names: ['*'] },
            { kind: 'remove', name: 'd' },
          ],
        ],
      ],
    },
  );
});
