import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ResourceEvent } from './event-writer.ts';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createFakeLog } from '../telemetry/fake-log.ts';
import type { DesiredStatus } from './status-writer.ts';
import { createStatusReporter } from './status-reporter.ts';

function statusOf(uid: string, conditions: Record<string, readonly ['True' | 'False', string]>): DesiredStatus {
  return {
    resource: { kind: 'TailscaleEndpoints', namespace: 'default', name: uid, uid },
    status: {
      conditions: Object.entries(conditions).map(([type, [status, reason]]) => ({
        type: type as 'Accepted',
        status,
        reason,
        message: `${reason}.`,
        observedGeneration: 1,
      })),
      discoveredEndpoints: 0,
      totalEndpoints: 0,
      healthyEndpoints: 0,
      endpointStatus: [],
    },
  };
}

const good = { Accepted: ['True', 'Accepted'], Programmed: ['True', 'Programmed'] } as const;
const bad = { Accepted: ['False', 'InvalidTarget'], Programmed: ['False', 'NotAccepted'] } as const;

/** Reports each of `rounds` in turn, and gives the Events and the statuses that were asked for. */
async function report(rounds: readonly (readonly DesiredStatus[])[]) {
  const told: ResourceEvent[] = [];
  const desired: (readonly DesiredStatus[])[] = [];
  const clock = createFakeClock();
  const stop = new AbortController();
  const reporter = createStatusReporter({
    statuses: async () => rounds[Math.min(desired.length, rounds.length - 1)] ?? [],
    writer: { desire: (statuses) => void desired.push(statuses), run: () => Promise.resolve() },
    events: { tell: (event) => void told.push(event), run: () => Promise.resolve() },
    intervalMs: 1000,
    clock,
    log: createFakeLog(),
  });
  const running = reporter.run(stop.signal);
  for (let i = 0; i < 20 * rounds.length && desired.length < rounds.length; i++) {
    reporter.changed();
    clock.advance(1000);
    await turn();
  }
  stop.abort();
  await running;
  return { desired, told: told.map(({ type, reason, resource }) => `${type} ${reason} ${resource.name}`) };
}

describe('a status reporter', () => {
  it('makes no Event of what stands when it begins to lead', async () => {
    expect((await report([[statusOf('a', good), statusOf('b', bad)]])).told).toEqual([]);
  });

  it('makes one Event of a new resource that is well', async () => {
    expect((await report([[], [statusOf('a', good)]])).told).toEqual(['Normal Programmed a']);
  });

  it('makes an Event of each condition that turns, and of none that stays', async () => {
    const { told, desired } = await report([
      [statusOf('a', good)],
      [statusOf('a', bad)],
      [statusOf('a', bad)],
      [statusOf('a', good)],
    ]);
    expect(told).toEqual([
      'Warning InvalidTarget a',
      'Warning NotAccepted a',
      'Normal Accepted a',
      'Normal Programmed a',
    ]);
    expect(desired).toHaveLength(4);
  });
});
