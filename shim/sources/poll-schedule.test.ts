import { expect, test } from 'vitest';
import { firstPoll, stepPoll, type PollEvent } from './poll-schedule.ts';

const answered: PollEvent = { kind: 'answered' };
const woken: PollEvent = { kind: 'woken' };
const refresh: PollEvent = { kind: 'refresh' };
const polled: PollEvent = { kind: 'polled' };
const failed = (
  reason: 'timeout' | 'unauthorized' | 'rate-limited' | 'server-error',
  retryAfter?: number,
): PollEvent => ({
  kind: 'failed',
  reason,
  ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1000 }),
});

interface Case {
  readonly name: string;
  readonly interval?: number;
  readonly random?: number;
  /** Seconds, the event, and what is next. */
  readonly steps: readonly (readonly [seconds: number, event: PollEvent, action: string])[];
}

const cases: readonly Case[] = [
  { name: 'the first poll is at once', steps: [[0, woken, 'poll']] },
  {
    name: 'the next is an interval after the answer',
    steps: [
      [5, answered, 'wait 30'],
      [35, woken, 'poll'],
    ],
  },
  { name: 'a little early with bad luck', random: 0, steps: [[0, answered, 'wait 27']] },
  { name: 'a little late with good luck', random: 0.9999, steps: [[0, answered, 'wait 33']] },
  {
    name: 'failures in a row wait longer and longer, up to a minute',
    steps: [
      [0, failed('timeout'), 'wait 1'],
      [1, failed('timeout'), 'wait 2'],
      [3, failed('server-error'), 'wait 4'],
      [7, failed('timeout'), 'wait 8'],
      [15, failed('timeout'), 'wait 16'],
      [31, failed('timeout'), 'wait 32'],
      [63, failed('timeout'), 'wait 60'],
      [123, failed('timeout'), 'wait 60'],
    ],
  },
  {
    name: 'an answer ends the back-off',
    steps: [
      [0, failed('timeout'), 'wait 1'],
      [1, failed('timeout'), 'wait 2'],
      [3, answered, 'wait 30'],
      [33, failed('timeout'), 'wait 1'],
    ],
  },
  {
    name: 'with a short interval the back-off stays near it',
    interval: 1,
    steps: [
      [0, failed('timeout'), 'wait 1'],
      [1, failed('timeout'), 'wait 2'],
      [3, failed('timeout'), 'wait 4'],
      [7, failed('timeout'), 'wait 8'],
      [15, failed('timeout'), 'wait 10'],
    ],
  },
  {
    name: 'the back-off is never longer than a long interval',
    interval: 600,
    steps: [[0, failed('timeout'), 'wait 1']],
  },
  { name: 'what only a person mends waits an interval', steps: [[0, failed('unauthorized'), 'wait 30']] },
  { name: 'a rate limit without a time waits an interval', steps: [[0, failed('rate-limited'), 'wait 30']] },
  { name: 'a server that asks for more time gets it', steps: [[0, failed('rate-limited', 120), 'wait 120']] },
  { name: 'a server that asks for less time is not polled sooner', steps: [[0, failed('rate-limited', 0), 'wait 30']] },
  { name: 'so is one that is overloaded', steps: [[0, failed('server-error', 45), 'wait 45']] },
  {
    name: 'a refresh polls at once',
    steps: [
      [0, polled, 'none'],
      [1, answered, 'wait 30'],
      [9, refresh, 'poll'],
    ],
  },
  {
    name: 'refreshes in a burst poll once a second',
    steps: [
      [0, polled, 'none'],
      [0.1, answered, 'wait 30'],
      [0.2, refresh, 'wait 0.8'],
      [0.3, refresh, 'wait 0.7'],
      [1, woken, 'poll'],
    ],
  },
  {
    name: 'a refresh does not put off what is due',
    steps: [
      [0, polled, 'none'],
      [0, answered, 'wait 30'],
      [29.9, refresh, 'poll'],
    ],
  },
  {
    name: 'not even a refresh polls before the server wants it',
    steps: [
      [0, polled, 'none'],
      [0, failed('rate-limited', 120), 'wait 120'],
      [60, refresh, 'wait 60'],
      [120, woken, 'poll'],
    ],
  },
  {
    name: 'a refresh ends a back-off',
    steps: [
      [0, polled, 'none'],
      [0, failed('unauthorized'), 'wait 30'],
      [9, refresh, 'poll'],
    ],
  },
  {
    name: 'waking early waits on',
    steps: [
      [0, answered, 'wait 30'],
      [10, woken, 'wait 20'],
    ],
  },
];

test.each(cases)('$name', ({ interval = 30, random = 0.5, steps }) => {
  let state = firstPoll;
  for (const [seconds, event, expected] of steps) {
    const [next, action] = stepPoll(state, event, { nowMs: seconds * 1000, intervalMs: interval * 1000, random });
    state = next;
    expect(action.kind === 'wait' ? `wait ${action.ms / 1000}` : action.kind, `after ${seconds} s`).toBe(expected);
  }
});
