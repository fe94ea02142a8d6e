import { describe, expect, test } from 'vitest';

import { typeUrls } from './resource.ts';
import type { TypeUrl } from './resource.ts';
import { createSotwState, transitionSotw } from './sotw-subscription.ts';
import type { SotwRequest, SotwState } from './sotw-subscription.ts';
import { createScenario } from './subscription-scenario.ts';
import type { SubscriptionScenario, Told } from './subscription-scenario.ts';

type Scenario = SubscriptionScenario<SotwState, SotwRequest>;

const spec = 'https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol';

/** A request with the newest nonce, as an ACK or a change of the list has it. */
function ask(scenario: Scenario, ...names: string[]): Told | undefined {
  scenario.request({ names, nonce: scenario.state.nonce, error: undefined });
  return scenario.flush();
}

function nack(scenario: Scenario, ...names: string[]): Told | undefined {
  scenario.request({ names, nonce: scenario.state.nonce, error: 'no such filter' });
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

interface Row {
  readonly name: string;
  readonly section: string;
  readonly play: (scenario: Scenario) => void;
}

const fullState: readonly Row[] = [
  {
    name: 'an empty first list is everything, sent in full at each change',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      expect(ask(scenario)).toEqual({ a: 1, b: 1 });
      expect(ask(scenario)).toBeUndefined();
      expect(put(scenario, { b: 2 })).toEqual({ a: 1, b: 2 });
      expect(drop(scenario, 'a')).toEqual({ b: 2 });
      expect(drop(scenario, 'b')).toEqual({});
    },
  },
  {
    name: 'a first request is answered even with nothing',
    section: 'resource-warming',
    play: (scenario) => expect(ask(scenario)).toEqual({}),
  },
  {
    name: 'a name that does not exist is told by its absence, and sent once it exists',
    section: 'knowing-when-a-requested-resource-does-not-exist',
    play(scenario) {
      expect(ask(scenario, 'a')).toEqual({});
      expect(ask(scenario, 'a')).toBeUndefined();
      expect(put(scenario, { a: 1, b: 1 })).toEqual({ a: 1 });
    },
  },
  {
    name: 'a list after the wildcard takes its place, and an empty one after names is nothing',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario);
      expect(ask(scenario, '*', 'a')).toEqual({ a: 1, b: 1 });
      expect(ask(scenario, 'a')).toBeUndefined();
      expect(put(scenario, { b: 2 })).toBeUndefined();
      expect(ask(scenario)).toBeUndefined();
      expect(put(scenario, { a: 2 })).toBeUndefined();
      expect(ask(scenario, '*')).toEqual({ a: 2, b: 2 });
    },
  },
  {
    name: 'names in a stale request end the meaning of an empty list',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario);
      scenario.request({ names: ['a'], nonce: 'older', error: undefined });
      expect(scenario.state.wildcard).toBe(true);
      expect(ask(scenario)).toBeUndefined();
      expect(scenario.state.wildcard).toBe(false);
    },
  },
  {
    name: 'what is on demand is for those who name it',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.set({ a: 1 });
      scenario.setOnDemand({ api: 1 });
      expect(ask(scenario, '*')).toEqual({ a: 1 });
      scenario.setOnDemand({ api: 2 });
      expect(scenario.flush()).toBeUndefined();
      expect(ask(scenario, '*', 'api')).toEqual({ a: 1, api: 2 });
      expect(put(scenario, { a: 2 })).toEqual({ a: 2, api: 2 });
      expect(ask(scenario, '*')).toEqual({ a: 2 });
      expect(ask(scenario, '*', 'api')).toEqual({ a: 2, api: 2 });
      expect(drop(scenario, 'api')).toEqual({ a: 2 });
    },
  },
  {
    name: 'a resource that turns on demand leaves the wildcard',
    section: 'deleting-resources',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario);
      scenario.setOnDemand({ a: 1 });
      expect(scenario.flush()).toEqual({ b: 1 });
      expect(put(scenario, { a: 1 })).toEqual({ a: 1, b: 1 });
    },
  },
  {
    name: 'a removal can be held while the rest goes, and goes when the hold ends',
    section: 'eventual-consistency-considerations',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario);
      scenario.set({ c: 1 });
      scenario.remove('a');
      expect(scenario.flush({ hold: true })).toEqual({ a: 1, b: 1, c: 1 });
      expect(scenario.flush({ hold: true })).toBeUndefined();
      expect(scenario.flush()).toEqual({ b: 1, c: 1 });
    },
  },
  {
    name: 'a refused state is not sent again, the next one is',
    section: 'ack-and-nack-semantics-summary',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario);
      expect(nack(scenario)).toBeUndefined();
      expect(put(scenario, { a: 1 })).toBeUndefined();
      expect(put(scenario, { b: 2 })).toEqual({ a: 1, b: 2 });
    },
  },
];

const partial: readonly Row[] = [
  {
    name: 'only what changed is sent, and nothing for what is gone',
    section: 'grouping-resources-into-responses',
    play(scenario) {
      scenario.set({ a: 1, b: 1, c: 1 });
      expect(ask(scenario, 'a', 'b')).toEqual({ a: 1, b: 1 });
      expect(put(scenario, { b: 2, c: 2 })).toEqual({ b: 2 });
      expect(drop(scenario, 'a')).toBeUndefined();
      expect(put(scenario, { a: 1 })).toEqual({ a: 1 });
    },
  },
  {
    name: 'names that do not exist are waited for in silence',
    section: 'knowing-when-a-requested-resource-does-not-exist',
    play(scenario) {
      expect(ask(scenario, 'a', 'b')).toBeUndefined();
      expect(put(scenario, { b: 1 })).toEqual({ b: 1 });
      expect(put(scenario, { a: 1 })).toEqual({ a: 1 });
    },
  },
  {
    name: 'names that are added are sent, names that are dropped need no answer',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, 'a');
      expect(ask(scenario, 'b', 'a')).toEqual({ b: 1 });
      expect(ask(scenario, 'b', 'a', 'a')).toBeUndefined();
      expect(ask(scenario, 'b')).toBeUndefined();
      expect(put(scenario, { a: 2 })).toBeUndefined();
      expect(ask(scenario, 'a', 'b')).toEqual({ a: 2 });
    },
  },
  {
    name: 'an empty first list is nothing',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      scenario.set({ a: 1 });
      expect(ask(scenario)).toBeUndefined();
      expect(ask(scenario, 'a')).toEqual({ a: 1 });
    },
  },
  {
    name: 'a stale request is ignored, its list too',
    section: 'resource-updates',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, 'a');
      put(scenario, { a: 2 });
      scenario.request({ names: ['a', 'b'], nonce: '1', error: undefined });
      expect(scenario.flush()).toBeUndefined();
      expect(scenario.state.ackedVersion).toBe('');
      expect(scenario.actions.at(-1)).toEqual({ kind: 'stale', nonce: '1' });
      expect(ask(scenario, 'a', 'b')).toEqual({ b: 1 });
    },
  },
  {
    name: 'a list that grows before the first response counts',
    section: 'resource-updates',
    play(scenario) {
      scenario.request({ names: ['a'], nonce: '', error: undefined });
      scenario.request({ names: ['a', 'b'], nonce: '', error: undefined });
      expect(put(scenario, { a: 1, b: 1 })).toEqual({ a: 1, b: 1 });
    },
  },
  {
    name: 'a client that could not take more gets the newest content once, and nothing for there and back',
    section: 'when-to-send-an-update',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, 'a', 'b');
      scenario.set({ a: 2, b: 2 });
      scenario.set({ a: 3 });
      scenario.set({ b: 1 });
      expect(scenario.flush()).toEqual({ a: 3 });
    },
  },
  {
    name: 'what must be repeated is sent though unchanged',
    section: 'resource-warming',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, 'a');
      scenario.repeat('a', 'b', 'c');
      expect(scenario.flush()).toEqual({ a: 1 });
    },
  },
  {
    name: 'a refused response with a longer list is answered with what is new',
    section: 'ack-and-nack-semantics-summary',
    play(scenario) {
      scenario.set({ a: 1, b: 1 });
      ask(scenario, 'a');
      expect(nack(scenario, 'a', 'b')).toEqual({ b: 1 });
      expect(scenario.state).toMatchObject({ error: 'no such filter', ackedVersion: '' });
    },
  },
  {
    name: 'the wildcard works for names that are asked for outright',
    section: 'how-the-client-specifies-what-resources-to-return',
    play(scenario) {
      expect(ask(scenario, '*')).toBeUndefined();
      expect(put(scenario, { a: 1, b: 1 })).toEqual({ a: 1, b: 1 });
      expect(put(scenario, { b: 2 })).toEqual({ b: 2 });
    },
  },
];

describe.each([
  ['clusters', typeUrls.cluster, fullState],
  ['listeners', typeUrls.listener, fullState],
  ['load assignments', typeUrls.endpoint, partial],
  ['routes', typeUrls.route, partial],
])('state of the world, %s', (_, typeUrl, rows) => {
  test.each(rows.map((row) => [`${row.name} (${spec}#${row.section})`, row] as const))('%s', (_, row) => {
    expect.hasAssertions();
    row.play(createScenario(transitionSotw, createSotwState(typeUrl)));
  });
});

describe('state of the world, versions', () => {
  function run(typeUrl: TypeUrl, play: (scenario: Scenario) => void): string {
    const scenario = createScenario(transitionSotw, createSotwState(typeUrl));
    play(scenario);
    return scenario.state.sentVersion;
  }

  test.each([
    ['clusters by wildcard', typeUrls.cluster, []],
    ['clusters by name', typeUrls.cluster, ['a', 'b']],
    ['load assignments by name', typeUrls.endpoint, ['b', 'a']],
    ['load assignments by wildcard', typeUrls.endpoint, ['*']],
  ])('depend on what is there, not on how it came to be: %s', (_, typeUrl, names) => {
    const atOnce = run(typeUrl, (scenario) => {
      scenario.set({ b: 2, a: 2 });
      ask(scenario, ...names);
    });
    const stepByStep = run(typeUrl, (scenario) => {
      scenario.set({ a: 1, z: 1 });
      ask(scenario, ...names);
      drop(scenario, 'a', 'z');
      put(scenario, { b: 1 });
      put(scenario, { a: 2 });
      put(scenario, { b: 2 });
    });
    expect(stepByStep).toBe(atOnce);
    expect(atOnce).not.toBe('0');
  });

  test('of a subscription do not change with what it does not name', () => {
    const version = (other: number) =>
      run(typeUrls.endpoint, (scenario) => {
        scenario.set({ a: 1, other });
        ask(scenario, 'a');
      });
    expect(version(1)).toBe(version(2));
  });

  test('follow the list', () => {
    const scenario = createScenario(transitionSotw, createSotwState(typeUrls.endpoint));
    scenario.set({ a: 1, b: 1 });
    ask(scenario, 'a');
    const short = scenario.state.sentVersion;
    ask(scenario, 'a', 'b');
    const long = scenario.state.sentVersion;
    ask(scenario, 'a');
    scenario.repeat('a');
    scenario.flush();
    expect(scenario.state.sentVersion).toBe(short);
    expect(long).not.toBe(short);
  });
});
