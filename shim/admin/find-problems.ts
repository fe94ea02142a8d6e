import type { HoldCause } from '../sources/hold.ts';
import type { XdsStreamStatus } from '../xds/observer.ts';
import type { HookStatus, ShimStatus, SourceStatus, StatusProblem } from './shim-status.ts';
import { formatType, isRefusing } from './xds-status.ts';

/** How many clients that refuse something are named. */
const maxNamed = 20;

/**
 * What is not fine in a status, each with its reason. A refused resource is none: it harms nobody but itself, and its own
 * status says why.
 */
export function findProblems(
  status: Omit<ShimStatus, 'problems' | 'xds'>,
  streams: readonly XdsStreamStatus[],
): StatusProblem[] {
  const { ready, waitingFor, sources, hooks = [], functions } = status;
  const waiting = waitingFor.length === 0 ? 'it is stopping' : `it waits for ${waitingFor.join(', ')}`;
  return [
    ...(ready ? [] : [{ part: 'shim' as const, detail: `not ready: ${waiting}` }]),
    ...sources.flatMap(sourceProblem),
    ...refusals(streams),
    ...hooks.flatMap(hookProblem),
    ...functions
      .filter(({ place, circuit }) => place === 'fallback' || (circuit ?? 'closed') !== 'closed')
      .map(({ function: name, url = '', lastError }) => ({
        part: 'functions' as const,
        detail: `${name} runs in the shim because ${url} does not answer${lastError === undefined ? '' : `: ${lastError}`}`,
      })),
  ];
}

function sourceProblem({ name, synced, failure, heldSince, heldCause }: SourceStatus): StatusProblem[] {
  const part = 'source';
  if (failure !== undefined) return [{ part, detail: `${name} fails since ${failure.since}: ${failure.detail}` }];
  if (heldSince !== undefined && heldCause !== undefined) {
    const detail = `${name} ${heldDetails[heldCause]} since ${heldSince}: not believed until --hold-empty is over`;
    return [{ part, detail }];
  }
  return synced ? [] : [{ part, detail: `${name} has not been read yet` }];
}

const heldDetails: Readonly<Record<HoldCause, string>> = {
  'devices-gone': 'has lost most devices',
  'devices-offline': 'calls most devices offline that were not',
  'first-answer': 'has nobody who is online',
};

function refusals(streams: readonly XdsStreamStatus[]): StatusProblem[] {
  const refusing = streams.filter(isRefusing);
  const named = refusing.slice(0, maxNamed).map(({ nodeId, peer, typeUrl, nackedVersion, error }) => ({
    part: 'xds' as const,
    detail: `${nodeId || peer} refuses ${formatType(typeUrl)} ${nackedVersion}: ${error}`,
  }));
  const more = refusing.length - named.length;
  return more === 0
    ? named
    : [...named, { part: 'xds', detail: `${more} more subscriptions refuse what they are sent` }];
}

function hookProblem({ hook, leftOut, last }: HookStatus): StatusProblem[] {
  const part = 'hooks';
  const problems: StatusProblem[] = [];
  if (!['changed', 'unchanged', 'cancelled'].includes(last.result)) {
    problems.push({ part, detail: `the last ${hook} ended as ${last.result}: see the log at ${last.at}` });
  }
  if (leftOut > 0) problems.push({ part, detail: `${hook} has left out ${leftOut} resources: a bug, see the log` });
  return problems;
}
