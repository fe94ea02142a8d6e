import { describe, expect } from 'vitest';

import { buildResource, types, type TypeUrl } from './resources.ts';
import { promise, scenario, type Scenario } from './scenario.ts';

const order: readonly TypeUrl[] = [types.cluster, types.endpoint, types.listener, types.route];
const section = 'eventual-consistency-considerations';
const everyType = (name: string, revision = 1) => order.map((typeUrl) => buildResource(typeUrl, name, revision));

/** A message on an aggregated stream: what it says of names of one type. */
interface Event {
  readonly typeUrl: string;
  readonly present: readonly string[];
  /** Names that the client has to forget by this message. */
  readonly gone: readonly string[];
}

/** A client that holds the four types, and tells what came in which order. */
interface Follower {
  subscribe(typeUrl: TypeUrl, names: readonly string[]): void;
  follow(): Promise<readonly Event[]>;
}

const followers: readonly (readonly [string, (scenario: Scenario) => Follower])[] = [
  ['state of the world', createSotwFollower],
  ['incremental', createDeltaFollower],
];

describe.each(followers)('order on one aggregated stream, %s', (_, createFollower) => {
  scenario('sends what changes together as CDS, EDS, LDS, RDS', section, async (context) => {
    await context.apply({ set: everyType('a') });
    const follower = createFollower(context);
    for (const typeUrl of order.toReversed()) follower.subscribe(typeUrl, ['a']);
    await follower.follow();
    await context.apply({ set: everyType('a', 2).toReversed() });
    const seen = (await follower.follow()).map(({ typeUrl }) => typeUrl);
    expect(seen).toEqual(order);
  });

  scenario('removes clusters only after routes have left them', section, async (context) => {
    await context.apply({ set: everyType('a') });
    const follower = createFollower(context);
    follower.subscribe(types.cluster, ['a', 'b']);
    follower.subscribe(types.endpoint, ['a', 'b']);
    follower.subscribe(types.listener, ['a', 'b']);
    follower.subscribe(types.route, ['a']);
    await follower.follow();
    await context.apply({
      set: [
        buildResource(types.route, 'a', 2),
        buildResource(types.endpoint, 'b'),
        buildResource(types.cluster, 'b'),
        buildResource(types.listener, 'b'),
      ],
      remove: [
        { typeUrl: types.listener, name: 'a' },
        { typeUrl: types.endpoint, name: 'a' },
        { typeUrl: types.cluster, name: 'a' },
      ],
    });
    const events = await follower.follow();
    const at = (typeUrl: TypeUrl, has: (event: Event) => boolean) =>
      events.findIndex((event) => event.typeUrl === typeUrl && has(event));
    const added = at(types.cluster, ({ present }) => present.includes('b'));
    const endpoints = at(types.endpoint, ({ present }) => present.includes('b'));
    const routed = at(types.route, ({ present }) => present.includes('a'));
    const removed = at(types.cluster, ({ gone }) => gone.includes('a'));
    expect(added, 'the new cluster').toBeGreaterThanOrEqual(0);
    expect(endpoints, 'its load assignment').toBeGreaterThan(added);
    expect(routed, 'the route').toBeGreaterThan(endpoints);
    expect(removed, 'the end of the old cluster').toBeGreaterThan(routed);
  });

  scenario('sends the load assignment again after its cluster', 'resource-warming', async (context) => {
    await context.apply({ set: [...everyType('a'), ...everyType('b')] });
    const follower = createFollower(context);
    follower.subscribe(types.cluster, ['a', 'b']);
    follower.subscribe(types.endpoint, ['a', 'b']);
    await follower.follow();
    await context.set(types.cluster, { a: 2 });
    const events = await follower.follow();
    const cluster = events.findIndex(({ typeUrl }) => typeUrl === types.cluster);
    const endpoint = events.findIndex(({ typeUrl, present }) => typeUrl === types.endpoint && present.includes('a'));
    expect(cluster).toBeGreaterThanOrEqual(0);
    expect(endpoint).toBeGreaterThan(cluster);
  });

  promise('sends the load assignments of changed clusters only', async (context) => {
    await context.apply({ set: [...everyType('a'), ...everyType('b')] });
    const follower = createFollower(context);
    follower.subscribe(types.cluster, ['a', 'b']);
    follower.subscribe(types.endpoint, ['a', 'b']);
    await follower.follow();
    await context.set(types.cluster, { a: 2 });
    const events = await follower.follow();
    expect(events.filter(({ typeUrl }) => typeUrl === types.endpoint).flatMap(({ present }) => present)).toEqual(['a']);
  });

  scenario('leaves a type alone that has not changed', 'when-to-send-an-update', async (context) => {
    await context.apply({ set: everyType('a') });
    const follower = createFollower(context);
    for (const typeUrl of order) follower.subscribe(typeUrl, ['a']);
    await follower.follow();
    await context.set(types.endpoint, { a: 2 });
    expect((await follower.follow()).map(({ typeUrl }) => typeUrl)).toEqual([types.endpoint]);
  });
});

function createSotwFollower({ client }: Scenario): Follower {
  const stream = client.sotw();
  const held = new Map<string, readonly string[]>();
  return {
    subscribe: (typeUrl, names) => stream.subscribe(typeUrl, names),
    async follow() {
      const events: Event[] = [];
      await stream.grpc.settle((response) => {
        const { typeUrl } = response;
        const present = Object.keys(stream.ack(response));
        const isFullState = typeUrl === types.cluster || typeUrl === types.listener;
        const gone = isFullState ? (held.get(typeUrl) ?? []).filter((name) => !present.includes(name)) : [];
        if (isFullState) held.set(typeUrl, present);
        events.push({ typeUrl, present, gone });
      });
      return events;
    },
  };
}

function createDeltaFollower({ client }: Scenario): Follower {
  const stream = client.delta();
  return {
    subscribe: (typeUrl, names) => stream.subscribe(typeUrl, names),
    async follow() {
      const events: Event[] = [];
      await stream.grpc.settle((response) => {
        const contents = Object.entries(stream.ack(response));
        events.push({
          typeUrl: response.typeUrl,
          present: contents.filter(([, content]) => content !== 'removed').map(([name]) => name),
          gone: contents.filter(([, content]) => content === 'removed').map(([name]) => name),
        });
      });
      return events;
    },
  };
}
