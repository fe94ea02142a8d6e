import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { createBackOff } from '../timing/back-off.ts';
import { type Clock, sleep } from '../timing/clock.ts';
import type { CallableFunction } from './callable-function.ts';
import { garbageFailure, isAboutRequest, isTransient, toCircuitFailure } from './call-failure.ts';
import { createCircuit } from './circuit.ts';
import type { CircuitState } from './functions-client.ts';
import type { CallOutcome, OriginCaller } from './origin-caller.ts';

/** One function at one origin. */
export interface OriginFunction<I extends DescMessage, O extends DescMessage> {
  readonly origin: string;
  circuit(): CircuitState;
  /** Asks, and asks again what may go well a moment later, until the deadline. */
  call(request: MessageShape<I>): Promise<CallOutcome<MessageShape<O>>>;
  close(): void;
}

/** What it is made of. */
export interface OriginFunctionOptions<I extends DescMessage, O extends DescMessage> {
  readonly definition: CallableFunction<I, O>;
  readonly caller: OriginCaller;
  /** For a call with all its tries. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of each try of a call, not of probes. */
  readonly onTry: (outcome: CallOutcome<MessageShape<O>>, ms: number) => void;
  /** Told of what probes find. */
  readonly onProbe: (outcome: CallOutcome<MessageShape<O>>) => void;
  /** Told after the circuit may have changed. */
  readonly onCircuit: (state: CircuitState) => void;
}

/** As many tries of a call, the first included, as open the circuit. */
const maxTries = 3;

/** A function at an origin, with a circuit of its own: another function there may be well. */
export function createOriginFunction<I extends DescMessage, O extends DescMessage>(
  options: OriginFunctionOptions<I, O>,
): OriginFunction<I, O> {
  const { definition, caller, timeoutMs, clock, random } = options;
  const ending = new AbortController();
  const circuit = createCircuit({ clock, random, probe: () => void probe() });

  async function tryOnce(request: MessageShape<I>, ms: number, by: 'call' | 'probe') {
    const outcome = await caller.call(definition.method, request, { timeoutMs: ms, signal: ending.signal });
    const checked = outcome.ok ? check(request, outcome.answer) : outcome;
    if (ending.signal.aborted) return checked;
    if (checked.ok || isAboutRequest(checked.failure)) circuit.succeeded(by);
    else circuit.failed(toCircuitFailure(checked.failure));
    options.onCircuit(circuit.state());
    return checked;
  }

  function check(request: MessageShape<I>, answer: MessageShape<O>): CallOutcome<MessageShape<O>> {
    const fault = definition.findFault(request, answer);
    return fault === undefined ? { ok: true, answer } : { ok: false, failure: garbageFailure(fault) };
  }

  async function probe(): Promise<void> {
    options.onCircuit(circuit.state());
    const outcome = await tryOnce(definition.probe(clock.now()), timeoutMs, 'probe');
    if (!ending.signal.aborted) options.onProbe(outcome);
  }

  return {
    origin: caller.origin,
    circuit: circuit.state,
    async call(request) {
      const endMs = clock.monotonicMs() + timeoutMs;
      const backOff = createBackOff(random);
      for (let tries = 1; ; tries++) {
        const startMs = clock.monotonicMs();
        const leftMs = Math.max(1, endMs - startMs);
        const outcome = await tryOnce(request, leftMs, 'call');
        if (ending.signal.aborted) return outcome;
        options.onTry(outcome, clock.monotonicMs() - startMs);
        if (outcome.ok || !isTransient(outcome.failure) || tries >= maxTries) return outcome;
        const waitMs = backOff.next();
        if (circuit.state() !== 'closed' || clock.monotonicMs() + waitMs >= endMs) return outcome;
        await sleep(clock, waitMs, ending.signal);
      }
    },
    close() {
      ending.abort();
      circuit.close();
    },
  };
}
