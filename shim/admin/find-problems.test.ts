import { describe, expect, it } from 'vitest';
import type { XdsStreamStatus } from '../xds/observer.ts';
import { typeUrls } from '../xds/resource.ts';
import { findProblems } from './find-problems.ts';
import type { HookStatus, ShimStatus } from './shim-status.ts';

const fine: Omit<ShimStatus, 'problems' | 'xds'> = {
  version: '1.0.0',
  now: '2026-01-01T00:01:00Z',
  startedAt: '2026-01-01T00:00:00Z',
  ready: true,
  waitingFor: [],
  sources: [{ name: 'file', synced: true, devices: 2, rejected: 1, lastSyncAt: '2026-01-01T00:00:59Z' }],
  groups: { total: 0, items: [] },
  functions: [{ function: 'endpoints', place: 'in-process', sinceMs: 0 }],
};

const stream: XdsStreamStatus = {
  nodeId: 'web-1',
  peer: '127.0.0.1:1234',
  typeUrl: typeUrls.cluster,
  variant: 'delta',
  aggregated: true,
  wildcard: true,
  names: 0,
  sentVersion: 'b',
  ackedVersion: 'b',
  nackedVersion: '',
  error: '',
};

const hook: HookStatus = {
  hook: 'PostTranslateModify',
  calls: 2,
  results: { changed: 2 },
  leftOut: 0,
  last: { at: '2026-01-01T00:00:30Z', result: 'changed', ms: 1 },
};

const source = fine.sources[0] ?? { name: '', synced: false, devices: 0, rejected: 0 };
const failure = { since: '2026-01-01T00:00:30Z', reason: 'timeout', detail: 'no answer' };

describe('what is not fine', () => {
  it.each<{
    name: string;
    status?: Partial<ShimStatus>;
    streams?: readonly XdsStreamStatus[];
    found: readonly string[];
  }>([
    { name: 'nothing', found: [] },
    {
      name: 'not ready',
      status: { ready: false, waitingFor: ['devices'] },
      found: ['shim: not ready: it waits for devices'],
    },
    { name: 'stopping', status: { ready: false }, found: ['shim: not ready: it is stopping'] },
    {
      name: 'a source that fails',
      status: { sources: [{ ...source, failure }] },
      found: ['source: file fails since 2026-01-01T00:00:30Z: no answer'],
    },
    {
      name: 'a source before its first answer',
      status: { sources: [{ ...source, synced: false }] },
      found: ['source: file has not been read yet'],
    },
    {
      name: 'a hold',
      status: { sources: [{ ...source, heldSince: '2026-01-01T00:00:30Z', heldCause: 'devices-gone' }] },
      found: [expect.stringContaining('file has lost most devices since 2026-01-01T00:00:30Z')],
    },
    {
      name: 'a hold from the start',
      status: {
        sources: [{ ...source, synced: false, heldSince: '2026-01-01T00:00:30Z', heldCause: 'first-answer' }],
      },
      found: [expect.stringContaining('has nobody who is online since')],
    },
    {
      name: 'a refusal',
      streams: [{ ...stream, ackedVersion: 'a', nackedVersion: 'b', error: 'no such filter' }],
      found: ['xds: web-1 refuses Cluster b: no such filter'],
    },
    {
      name: 'no refusal that is past',
      streams: [{ ...stream, nackedVersion: 'a', error: 'no such filter' }],
      found: [],
    },
    {
      name: 'many refusals',
      streams: Array.from({ length: 25 }, () => ({ ...stream, nackedVersion: 'b', error: 'no' })),
      found: [
        ...Array.from({ length: 20 }, () => 'xds: web-1 refuses Cluster b: no'),
        'xds: 5 more subscriptions refuse what they are sent',
      ],
    },
    { name: 'a good hook', status: { hooks: [hook] }, found: [] },
    {
      name: 'a hook that failed last',
      status: { hooks: [{ ...hook, last: { ...hook.last, result: 'late' } }] },
      found: ['hooks: the last PostTranslateModify ended as late: see the log at 2026-01-01T00:00:30Z'],
    },
    {
      name: 'a fallback',
      status: {
        functions: [
          { function: 'endpoints', place: 'fallback', sinceMs: 0, url: 'https://f', circuit: 'open', lastError: '503' },
        ],
      },
      found: ['functions: endpoints runs in the shim because https://f does not answer: 503'],
    },
  ])('$name', ({ status = {}, streams = [stream], found }) => {
    const problems = findProblems({ ...fine, ...status }, streams);
    expect(problems.map(({ part, detail }) => `${part}: ${detail}`)).toEqual(found);
  });
});
