import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../timing/fake-clock.ts';
import { createCircuit } from './circuit.ts';

function createBench(random = 1) {
  const clock = createFakeClock();
  let probes = 0;
  const circuit = createCircuit({ clock, random: () => random, probe: () => probes++ });
  return { clock, circuit, probes: () => probes };
}

const passing = { lasting: false };
const lasting = { lasting: true };

describe('a circuit', () => {
  it('opens after three failures in a row, not before', () => {
    const { circuit } = createBench();
    circuit.failed(passing);
    circuit.failed(passing);
    circuit.succeeded('call');
    circuit.failed(passing);
    circuit.failed(passing);
    expect(circuit.state()).toBe('closed');
    circuit.failed(passing);
    expect(circuit.state()).toBe('open');
  });

  it.each([
    { name: 'would surely come again', failure: lasting },
    { name: 'asks for a pause', failure: { lasting: false, retryAfterMs: 10 } },
  ])('opens at once for a failure that $name', ({ failure }) => {
    const { circuit } = createBench();
    circuit.failed(failure);
    expect(circuit.state()).toBe('open');
  });

  it('is tried by one probe, whose answer decides', () => {
    const { clock, circuit, probes } = createBench();
    circuit.failed(lasting);
    clock.advance(999);
    expect([circuit.state(), probes()]).toEqual(['open', 0]);
    clock.advance(1);
    expect([circuit.state(), probes()]).toEqual(['half-open', 1]);
    circuit.failed(passing);
    expect(circuit.state()).toBe('open');
    expect(clock.timers()).toEqual([2000]);
    clock.advance(2000);
    circuit.succeeded('probe');
    expect(circuit.state()).toBe('closed');
  });

  it('waits longer each time, up to 30 s, until a real call goes well', () => {
    const { clock, circuit } = createBench();
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      circuit.failed(lasting);
      waits.push(...clock.timers());
      clock.advance(waits.at(-1) ?? 0);
      circuit.succeeded('probe');
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    circuit.succeeded('call');
    circuit.failed(lasting);
    expect(clock.timers()).toEqual([1000]);
    clock.advance(1000);
    circuit.succeeded('probe');
    clock.advance(60_001);
    circuit.failed(lasting);
    expect(clock.timers()).toEqual([1000]);
  });

  it('leaves half of the wait to chance, and waits as long as it is asked to, but not for hours', () => {
    const { clock, circuit } = createBench(0);
    circuit.failed(lasting);
    expect(clock.timers()).toEqual([500]);
    for (const [retryAfterMs, waitMs] of [
      [60_000, 60_000],
      [86_400_000, 300_000],
    ] as const) {
      const bench = createBench();
      bench.circuit.failed({ lasting: false, retryAfterMs });
      expect(bench.clock.timers()).toEqual([waitMs]);
    }
  });

  it('is not closed by a call that began before it opened', () => {
    const { circuit } = createBench();
    circuit.failed(lasting);
    circuit.succeeded('call');
    expect(circuit.state()).toBe('open');
  });

  it('probes nobody once it is ended', () => {
    const { clock, circuit, probes } = createBench();
    circuit.failed(lasting);
    circuit.close();
    circuit.failed(lasting);
    clock.advance(100_000);
    expect(probes()).toBe(0);
  });
});
