import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../timing/clock.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import {
  type Answer,
  type FakeApiServer,
  eventOf,
  expired,
  initialEventsEnd,
  listOf,
  refuse,
  startFakeApiServer,
  watchOf,
} from './fake-api-server.ts';
import { type ObjectChange, createReflector } from './reflector.ts';

const path = '/api/v1/configmaps';

/** Runs a reflector until its answers are used up and `until` holds. */
async function reflect(
  answers: readonly [Answer, ...Answer[]],
  until: (run: Run) => boolean,
  clock: Clock = systemClock,
) {
  await using server = await startFakeApiServer(...answers);
  const run: Run = { server, names: new Set(), calls: [], failures: [], synced: 0, recovered: 0 };
  const end = new AbortController();
  const running = createReflector({ client: server.client, path, clock, random: () => 0 }).run(
    {
      changed(changes) {
        run.calls.push(changes);
        for (const change of changes) {
          if (change.kind === 'set') run.names.add(change.object.metadata.name);
          else run.names.delete(change.name);
        }
      },
      synced: () => (run.synced += 1),
      failed: (detail) => run.failures.push(detail),
      recovered: () => (run.recovered += 1),
    },
    end.signal,
  );
  while (!until(run)) await new Promise((resolve) => setTimeout(resolve, 5));
  end.abort();
  await running;
  return run;
}

interface Run {
  readonly server: FakeApiServer;
  readonly names: Set<string>;
  readonly calls: (readonly ObjectChange[])[];
  readonly failures: string[];
  synced: number;
  recovered: number;
}

const initial = [eventOf('ADDED', 'a'), eventOf('ADDED', 'b'), initialEventsEnd];

describe('a reflector whose API server', () => {
  it('loses its history tells what went meanwhile', async () => {
    const { names, synced, failures, server } = await reflect(
      [watchOf([...initial, expired]), watchOf([eventOf('ADDED', 'b'), eventOf('ADDED', 'c'), initialEventsEnd])],
      ({ names }) => names.has('c'),
    );
    expect([...names].toSorted()).toEqual(['b', 'c']);
    // It is the way of API servers, and nobody's fault.
    expect({ synced, failures }).toEqual({ synced: 1, failures: [] });
    expect(server.requests.map(({ searchParams }) => searchParams.get('resourceVersion'))).toEqual([null, null]);
  });

  it('refuses the position by a status reads all again', async () => {
    const { names } = await reflect(
      [watchOf(initial, 'break'), refuse(410, 'too old'), watchOf([eventOf('ADDED', 'b'), initialEventsEnd])],
      ({ names, server }) => server.requests.length > 2 && names.size === 1,
    );
    expect([...names]).toEqual(['b']);
  });

  it('breaks a watch off goes on where it was', async () => {
    const { names, server, recovered } = await reflect(
      [watchOf([...initial, eventOf('ADDED', 'c', '1', '12')], 'break'), watchOf([eventOf('ADDED', 'd')])],
      ({ names }) => names.has('d'),
    );
    expect([...names].toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(server.requests[1]?.searchParams.get('resourceVersion')).toBe('12');
    expect(recovered).toBe(1);
  });

  it.each([
    ['a damaged line', '{"type": "ADDED", "object": {\n'],
    ['a line that is no event', '"hello"\n'],
    ['an object without a name', '{"type":"ADDED","object":{"metadata":{"resourceVersion":"12"}}}\n'],
  ])('sends %s is asked again', async (_, line) => {
    const { names, failures } = await reflect(
      [watchOf([...initial, line]), watchOf([...initial, eventOf('ADDED', 'c')])],
      ({ names }) => names.has('c'),
    );
    expect([...names].toSorted()).toEqual(['a', 'b', 'c']);
    expect(failures).toHaveLength(1);
  });

  it('splits a line anywhere reads it whole', async () => {
    const line = `${JSON.stringify(eventOf('ADDED', 'c', 'ä'))}\n`;
    const bytes = Buffer.from(line);
    const { names, failures } = await reflect(
      [
        (res) => {
          watchOf(initial)(res, res.req);
          for (let i = 0; i < bytes.length; i += 1) setTimeout(() => res.write(bytes.subarray(i, i + 1)), 20 + i / 4);
        },
      ],
      ({ names }) => names.has('c'),
    );
    expect({ size: names.size, failures }).toEqual({ size: 3, failures: [] });
  });

  it('cannot stream says so, and is asked for pages', async () => {
    const { names, server, failures, synced } = await reflect(
      [
        refuse(422, 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled'),
        listOf(['a', 'b'], 'more'),
        listOf(['c']),
        watchOf([eventOf('DELETED', 'a')]),
      ],
      ({ names, synced }) => synced === 1 && !names.has('a'),
    );
    expect([...names]).toEqual(['b', 'c']);
    expect({ failures, synced }).toEqual({ failures: [], synced: 1 });
    expect(server.requests.map(({ searchParams }) => searchParams.get('continue'))).toEqual([null, null, 'more', null]);
    expect(server.requests[3]?.searchParams.get('resourceVersion')).toBe('10');
  });

  it('does not know of streaming, and ends the watch, is asked for pages', async () => {
    const { names, synced } = await reflect(
      [watchOf([eventOf('ADDED', 'a')], 'end'), listOf(['a', 'b']), watchOf([])],
      ({ synced }) => synced === 1,
    );
    expect([...names]).toEqual(['a', 'b']);
    expect(synced).toBe(1);
  });

  it('loses a page reads all pages again', async () => {
    const { names } = await reflect(
      [refuse(400, 'no'), listOf(['a'], 'more'), refuse(410, 'expired'), listOf(['b']), watchOf([])],
      ({ synced }) => synced === 1,
    );
    expect([...names]).toEqual(['b']);
  });

  it('asks to be left alone is left alone', async () => {
    const clock = createFakeClock();
    const waits: (readonly number[])[] = [];
    const { failures, recovered } = await reflect(
      [refuse(429, 'slow down', { 'retry-after': '7' }), watchOf(initial)],
      ({ names, server }) => {
        if (clock.timers().length > 0 && server.requests.length === 1) {
          waits.push(clock.timers());
          clock.advance(7000);
        }
        return names.size === 2;
      },
      clock,
    );
    expect(waits).toEqual([[7000]]);
    expect({ failures, recovered }).toEqual({ failures: [`GET ${path} answered 429: slow down`], recovered: 1 });
  });

  it('errs on and on is asked less and less, and told of once', async () => {
    const clock = createFakeClock();
    const waits: number[] = [];
    const { failures } = await reflect(
      [refuse(500, 'out of order')],
      () => {
        const [wait] = clock.timers();
        if (wait === undefined) return false;
        waits.push(wait);
        clock.advance(wait);
        return waits.length === 9;
      },
      clock,
    );
    expect(waits).toEqual([50, 100, 200, 400, 800, 1600, 2500, 2500, 2500]);
    expect(failures).toEqual([`GET ${path} answered 500: out of order`]);
  });

  it('ends each watch at once is not asked in a hot loop', async () => {
    const clock = createFakeClock();
    const { server } = await reflect(
      [watchOf(initial, 'end'), watchOf([], 'end')],
      () => clock.timers().length > 0,
      clock,
    );
    expect(server.requests.length).toBeLessThanOrEqual(3);
  });

  it('forgets the kind for a moment keeps what is known, and for longer has nothing of it', async () => {
    const clock = createFakeClock();
    const sizes: number[] = [];
    const { names, failures } = await reflect(
      [watchOf(initial, 'break'), refuse(404, 'not found')],
      ({ names, failures }) => {
        const [wait] = clock.timers();
        if (wait === undefined) return false;
        if (failures.length > 1) sizes.push(names.size);
        clock.advance(wait);
        return names.size === 0 && sizes.length > 1;
      },
      clock,
    );
    expect(names.size).toBe(0);
    expect(sizes[0]).toBe(2);
    expect(failures.at(-1)).toBe(`the API server does not know ${path}: is its CRD installed?`);
  });

  it('fails behind a proxy is not quoted', async () => {
    const { failures } = await reflect(
      [
        (res) => {
          res.writeHead(502, { 'content-type': 'text/html' });
          res.end('<html>Bearer secret</html>');
        },
      ],
      ({ failures }) => failures.length > 0,
    );
    expect(failures).toEqual([`GET ${path} answered 502`]);
  });
});
