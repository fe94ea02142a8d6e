import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Clock } from '../timing/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createAnswerMemory } from './answer-memory.ts';
import type { CallableFunction } from './callable-function.ts';
import { type CallFailure, isAboutRequest, toErrorCode } from './call-failure.ts';
import { clustersFunction } from './clusters-function.ts';
import { dataplaneFunction } from './dataplane-function.ts';
import { endpointsFunction } from './endpoints-function.ts';
import type { FunctionStatus, FunctionsClient } from './functions-client.ts';
import type { OriginCaller } from './origin-caller.ts';
import { createOriginFunction } from './origin-function.ts';
import { createPlaceBook } from './place-book.ts';

/** What remote functions are made of. */
export interface RemoteFunctionsOptions {
  /** In order of preference. */
  readonly callers: readonly [OriginCaller, ...OriginCaller[]];
  /** Who answers when none of them does; `none`: the call fails. */
  readonly fallback: 'in-process' | 'none';
  /** For a call at one origin, with all its tries. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: Pick<Metrics, 'functionCalls' | 'functionDuration' | 'functionCircuit'>;
  readonly log: Log;
}

interface RemoteFunction<I extends DescMessage, O extends DescMessage> {
  call(request: MessageShape<I>): Promise<MessageShape<O>>;
  status(): FunctionStatus;
  close(): void;
}

/**
 * Calls functions where they are: at the first origin that answers. When none does, the same functions in this process
 * answer: who calls does not notice, metrics and the log tell. An answer that can't be one to its request is none.
 */
export function createRemoteFunctions(options: RemoteFunctionsOptions): FunctionsClient {
  const { callers, clock, log } = options;
  const [first, ...others] = callers;
  const book = createPlaceBook({ origins: [first.origin, ...others.map(({ origin }) => origin)], clock, log });
  const clusters = createRemoteFunction(clustersFunction, options, book);
  const dataplane = createRemoteFunction(dataplaneFunction, options, book);
  const endpoints = createRemoteFunction(endpointsFunction, options, book);
  const all = [clusters, dataplane, endpoints];
  return {
    computeClusters: clusters.call,
    computeDataPlane: dataplane.call,
    computeEndpoints: endpoints.call,
    status: () => all.map((each) => each.status()),
    close() {
      for (const each of all) each.close();
      for (const caller of callers) caller.close();
    },
  };
}

function createRemoteFunction<I extends DescMessage, O extends DescMessage>(
  definition: CallableFunction<I, O>,
  options: RemoteFunctionsOptions,
  book: ReturnType<typeof createPlaceBook>,
): RemoteFunction<I, O> {
  const { metrics } = options;
  const { name } = definition;
  const memory = createAnswerMemory();
  const places = options.callers.map((caller) =>
    createOriginFunction({
      ...options,
      definition,
      caller,
      onTry(outcome, ms) {
        const result = outcome.ok ? 'ok' : outcome.failure.result;
        metrics.functionCalls.inc({ function: name, result, place: 'remote' });
        metrics.functionDuration.observe({ function: name, place: 'remote' }, ms / 1000);
        if (!outcome.ok) book.failed(name, caller.origin, outcome.failure.detail);
      },
      onProbe(outcome) {
        if (!outcome.ok) book.failed(name, caller.origin, outcome.failure.detail);
        // From now on calls go to the first origin that is well.
        else if (preferred()?.origin === caller.origin) book.ran(name, 'remote', caller.origin);
      },
      onCircuit: (state) =>
        metrics.functionCircuit.set({ function: name, url: caller.origin }, state === 'closed' ? 0 : 1),
    }),
  );
  for (const { origin } of places) metrics.functionCircuit.set({ function: name, url: origin }, 0);

  function preferred() {
    return places.find((place) => place.circuit() === 'closed');
  }

  async function call(request: MessageShape<I>): Promise<{ answer: MessageShape<O>; keep: boolean }> {
    const posted = definition.trim(request);
    let failure: CallFailure | undefined;
    for (const place of places) {
      if (place.circuit() !== 'closed') continue;
      const outcome = await place.call(posted);
      if (outcome.ok) {
        book.ran(name, 'remote', place.origin);
        return { answer: outcome.answer, keep: true };
      }
      failure = outcome.failure;
      if (isAboutRequest(failure)) break;
    }
    if (options.fallback === 'none') throw toError(failure);
    return { answer: computeHere(request, failure), keep: false };
  }

  function computeHere(request: MessageShape<I>, failure: CallFailure | undefined): MessageShape<O> {
    const stop = metrics.functionDuration.startTimer({ function: name, place: 'fallback' });
    let result = 'error';
    try {
      const answer = definition.compute(request);
      result = 'ok';
      return answer;
    } finally {
      stop();
      metrics.functionCalls.inc({ function: name, result, place: 'fallback' });
      // One request that is refused, or too large, moves no other.
      if (failure === undefined || !isAboutRequest(failure)) book.ran(name, 'fallback');
    }
  }

  function toError(failure: CallFailure | undefined): ConnectError {
    const { lastError } = book.status(name);
    const detail = lastError ?? 'no origin of the functions is asked at the moment';
    const code = failure === undefined ? Code.Unavailable : toErrorCode(failure);
    return new ConnectError(`failed to call the function ${name}: ${detail}`, code);
  }

  return {
    call: async (request) =>
      definition.repeats
        ? await memory.recall(definition.method.input, request, () => call(request))
        : (await call(request)).answer,
    status() {
      const status = book.status(name);
      const circuit = places.find(({ origin }) => origin === status.url)?.circuit();
      return { ...status, ...(circuit === undefined ? {} : { circuit }) };
    },
    close() {
      for (const place of places) place.close();
    },
  };
}
