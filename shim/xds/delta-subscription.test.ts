import { describe, expect, test } from 'vitest';

import { createDeltaState, transitionDelta } from './delta-subscription.ts';
import type { DeltaRequest, DeltaState } from './delta-subscription.ts';
import { createResource, typeUrls } from './resource.ts';
import { createScenario } from './subscription-scenario.ts';
import type { SubscriptionScenario, Told } from './subscription-scenario.ts';

type Scenario = SubscriptionScenario<DeltaState, DeltaRequest>;

const spec = 'https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol';

function ask(scenario: Scenario, request: Partial<DeltaRequest> = {}): Told | undefined {
  scenario.request({
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    nonce: '',
    error: undefined,
    ...request,
  });
  return scenario.flush();
}

function put(scenario: Scenario, contents: Readonly<Record<string, number>>): Told | undefined {
  scenario.set(contents);
  return scenario.flush();
}

function drop(scenario: Scenario, ...names: string[]): Told | undefined {
  scenario.remove(...names);
  return scenario.flush();
}

/** Versions that a client comes with: those of these contents. */
function known(contents: Readonly<Record<string, number>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(contents).map(([name, content]) => {
      const { version } = createResource(typeUrls.cluster, name, Buffer.from(String(content)));
      return [name, version];
    }),
  );
}

interface Row {
  readonly name: string;
  readonly section: string;
  readonly play: (scenario: Scenario) => void;
}

const wildcard: readonly Row[] = [
  {
    name: 'an empty first request is everything, then what changes',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      expect(ask(scenario)).toEqual({ a: 1, b: 1 });
      expect(put(scenario, { b: 2 })).toEqual({ b: 2 });
      expect(drop(scenario, 'a')).toEqual({ a: null });
    },
  },
  {
    name: 'a name after the wildcard comes on top of it',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario);
      expect(ask(scenario, { subscribe: ['a'] })).toEqual({ a: 1 });
      expect(ask(scenario, { unsubscribe: ['*'] })).toBeUndefined();
      expect(put(scenario, { a: 2, b: 2 })).toEqual({ a: 2 });
      expect(ask(scenario, { unsubscribe: ['a'] })).toBeUndefined();
      expect(ask(scenario)).toBeUndefined();
      expect(put(scenario, { a: 3 })).toBeUndefined();
    },
  },
];

const all: readonly Row[] = [
  {
    name: 'a new wildcard is answered even with nothing',
    section: 'resource-warming',
    play: (scenario) => expect(ask(scenario, { subscribe: ['*'] })).toEqual({}),
  },
  {
    name: 'names that do not exist are told as removed, remembered, and sent once they exist',
    section: 'knowing-when-a-requested-resource-does-not-exist',
    play(scenario) {
      expect(ask(scenario, { subscribe: ['a', 'b'] })).toEqual({ a: null, b: null });
      expect(put(scenario, { b: 1, c: 1 })).toEqual({ b: 1 });
      expect(drop(scenario, 'b')).toEqual({ b: null });
      expect(drop(scenario, 'b', 'a')).toBeUndefined();
    },
  },
  {
    name: 'a name that is subscribed to again is sent again',
    section: 'subscribing-to-resources',
    play(scenario) {
      scenario.set({ a: 1 });
      ask(scenario, { subscribe: ['a'] });
      expect(ask(scenario, { subscribe: ['a', 'x'] })).toEqual({ a: 1, x: null });
      expect(ask(scenario, { subscribe: ['x', 'x'] })).toEqual({ x: null });
    },
  },
  {
    name: 'a name that comes by itself and by the wildcard is told once',
    section: 'duplicate-resource-names',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      expect(ask(scenario, { subscribe: ['*', 'a', 'x'] })).toEqual({ a: 1, b: 1, x: null });
      expect(put(scenario, { a: 2 })).toEqual({ a: 2 });
    },
  },
  {
    name: 'unsubscribing is not answered, also from what was never subscribed to',
    section: 'unsubscribing-from-resources',
    play(scenario) {
      scenario.set({ a: 1 });
      ask(scenario, { subscribe: ['a'] });
      expect(ask(scenario, { unsubscribe: ['a', 'phantom', '*'] })).toBeUndefined();
      expect(put(scenario, { a: 2 })).toBeUndefined();
    },
  },
  {
    name: 'unsubscribing from a name beside the wildcard tells what the wildcard has of it',
    section: 'unsubscribing-from-resources',
    play(scenario) {
      scenario.set({ a: 1 });
      scenario.setOnDemand({ api: 1 });
      ask(scenario, { subscribe: ['*', 'a', 'api'] });
      expect(ask(scenario, { unsubscribe: ['a'] })).toEqual({ a: 1 });
      expect(ask(scenario, { unsubscribe: ['api'] })).toEqual({ api: null });
      expect(ask(scenario, { unsubscribe: ['a'] })).toBeUndefined();
      expect(put(scenario, { a: 2 })).toEqual({ a: 2 });
    },
  },
  {
    name: 'what is on demand is for those who name it',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.setOnDemand({ api: 1 });
      expect(ask(scenario, { subscribe: ['*'] })).toEqual({});
      expect(ask(scenario, { subscribe: ['api'] })).toEqual({ api: 1 });
      expect(ask(scenario, { subscribe: ['*'] })).toEqual({});
    },
  },
  {
    name: 'who comes back with names and versions gets the difference',
    section: 'incremental-xds',
    play(scenario) {
      scenario.set({ same: 1, other: 2, fresh: 1 });
      const initialVersions = known({ same: 1, other: 1, gone: 1, foreign: 1 });
      const subscribe = ['same', 'other', 'gone', 'fresh', 'unknown'];
      expect(ask(scenario, { subscribe, initialVersions })).toEqual({ other: 2, gone: null, fresh: 1, unknown: null });
      expect(ask(scenario, { subscribe: ['same'] })).toEqual({ same: 1 });
    },
  },
  {
    name: 'who comes back with a wildcard and versions gets the difference',
    section: 'incremental-xds',
    play(scenario) {
      scenario.set({ same: 1, other: 2, fresh: 1 });
      const initialVersions = known({ same: 1, other: 1, gone: 1 });
      expect(ask(scenario, { subscribe: ['*'], initialVersions })).toEqual({ other: 2, gone: null, fresh: 1 });
    },
  },
  {
    name: 'who comes back with all there is gets nothing',
    section: 'incremental-xds',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      expect(ask(scenario, { subscribe: ['*', 'a'], initialVersions: known({ a: 1, b: 1 }) })).toBeUndefined();
      expect(put(scenario, { b: 2 })).toEqual({ b: 2 });
    },
  },
  {
    name: 'a change that overtakes the first answer is in it',
    section: 'incremental-xds',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      scenario.request({
        subscribe: ['*', 'b'],
        unsubscribe: [],
        initialVersions: known({ a: 1, b: 1 }),
        nonce: '',
        error: undefined,
      });
      scenario.set({ a: 2, b: 2 });
      expect(scenario.flush()).toEqual({ a: 2, b: 2 });
    },
  },
  {
    name: 'a stale nonce answers nothing, but its subscriptions count',
    section: 'incremental-xds',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, { subscribe: ['a'] });
      expect(ask(scenario, { nonce: 'foreign', subscribe: ['b'] })).toEqual({ b: 1 });
      expect(scenario.state.ackedVersion).toBe('');
      expect(scenario.actions).toContainEqual({ kind: 'stale', nonce: 'foreign' });
    },
  },
  {
    name: 'an older response may be answered while a newer one is outstanding',
    section: 'incremental-xds',
    play(scenario) {
      scenario.set({ a: 1 });
      ask(scenario, { subscribe: ['a'] });
      const first = scenario.state.sentVersion;
      put(scenario, { a: 2 });
      ask(scenario, { nonce: '1' });
      expect(scenario.state.ackedVersion).toBe(first);
      ask(scenario, { nonce: '2', error: 'no such filter' });
      expect(scenario.state).toMatchObject({ nackedVersion: scenario.state.sentVersion, error: 'no such filter' });
      expect(scenario.state.outstanding).toEqual([]);
    },
  },
  {
    name: 'what was refused is not sent again, the next one is',
    section: 'ack-and-nack-semantics-summary',
    play(scenario) {
      scenario.set({ a: 1 });
      ask(scenario, { subscribe: ['a'] });
      expect(ask(scenario, { nonce: '1', error: 'no such filter' })).toBeUndefined();
      expect(put(scenario, { a: 1 })).toBeUndefined();
      expect(put(scenario, { a: 2 })).toEqual({ a: 2 });
    },
  },
  {
    name: 'a removal can be held while the rest goes, but that a name is unknown is told at once',
    section: 'eventual-consistency-considerations',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, { subscribe: ['*'] });
      scenario.set({ b: 2 });
      scenario.remove('a');
      scenario.request({
        subscribe: ['x'],
        unsubscribe: [],
        initialVersions: new Map(),
        nonce: '',
        error: undefined,
      });
      expect(scenario.flush({ hold: true })).toEqual({ b: 2, x: null });
      expect(scenario.flush()).toEqual({ a: null });
    },
  },
  {
    name: 'a client that could not take more gets the newest content once, and nothing for there and back',
    section: 'when-to-send-an-update',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, { subscribe: ['*'] });
      scenario.set({ a: 2, b: 2, passing: 1 });
      scenario.set({ a: 3, b: 1 });
      scenario.remove('passing');
      expect(scenario.flush()).toEqual({ a: 3 });
    },
  },
  {
    name: 'what must be repeated is sent though unchanged',
    section: 'resource-warming',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, { subscribe: ['a'] });
      scenario.repeat('a', 'b', 'c');
      expect(scenario.flush()).toEqual({ a: 1 });
    },
  },
];

describe.each([
  ['clusters', typeUrls.cluster, [...wildcard, ...all]],
  ['listeners', typeUrls.listener, [...wildcard, ...all]],
  ['load assignments', typeUrls.endpoint, all],
  ['routes', typeUrls.route, all],
])('incremental, %s', (_, typeUrl, rows) => {
  test.each(rows.map((row) => [`${row.name} (${spec}#${row.section})`, row] as const))('%s', (_, row) => {
    expect.hasAssertions();
    row.play(createScenario(transitionDelta, createDeltaState(typeUrl)));
  });
});

test('incremental: an empty first request for load assignments is nothing', () => {
  const scenario = createScenario(transitionDelta, createDeltaState(typeUrls.endpoint));
  scenario.set({ a: 1 });
  expect(ask(scenario)).toBeUndefined();
  expect(ask(scenario, { subscribe: ['a'] })).toEqual({ a: 1 });
});
