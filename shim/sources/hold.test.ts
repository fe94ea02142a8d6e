import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeviceSchema, type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { stepHold, type HoldEvent, type HoldState } from './hold.ts';

const device = (id: string, online?: boolean) =>
  create(DeviceSchema, { id, name: id, ...(online === undefined ? {} : { online }) });
/** `'a b c'` → three devices; one that ends on `!` is offline. */
const devices = (ids: string) =>
  ids
    .split(' ')
    .filter(Boolean)
    .map((id) => device(id.replace('!', ''), id.endsWith('!') ? false : undefined));
const ids = (list: readonly Device[]) =>
  list
    .map(({ id, online }) => (online === false ? `${id}!` : id))
    .toSorted()
    .join(' ');

const restored = (list: string): HoldEvent => ({ kind: 'restored', devices: devices(list) });
const answer = (list: string): HoldEvent => ({ kind: 'answer', devices: devices(list) });
const failed: HoldEvent = { kind: 'failed' };
const timer: HoldEvent = { kind: 'timer' };

interface Case {
  readonly name: string;
  readonly holdMs?: number;
  readonly counts?: (device: Device) => boolean;
  /** Seconds, the event, and what is done about it, in short. */
  readonly steps: readonly (readonly [seconds: number, event: HoldEvent, actions: readonly string[]])[];
}

const cases: readonly Case[] = [
  {
    name: 'the first answer is believed, whatever it says',
    steps: [
      [0, answer(''), ['publish ']],
      [1, answer('a'), ['publish a']],
    ],
  },
  {
    name: 'losing half is believed',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer('a b'), ['publish a b']],
      [2, answer('a'), ['publish a']],
    ],
  },
  {
    name: 'losing more than half is held, and believed after the grace period',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer('a'), ['held 2/3', 'arm 300', 'publish a b c']],
      [100, answer('a'), ['publish a b c']],
      [301, timer, ['disarm', 'believed 2/3', 'publish a']],
      [302, timer, []],
    ],
  },
  {
    name: 'an answer after the grace period needs no timer',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer(''), ['held 3/3', 'arm 300', 'publish a b c']],
      [301, answer(''), ['disarm', 'believed 3/3', 'publish ']],
    ],
  },
  {
    name: 'the last of one or two devices is held too',
    steps: [
      [0, answer('a'), ['publish a']],
      [1, answer(''), ['held 1/1', 'arm 300', 'publish a']],
    ],
  },
  {
    name: 'a good answer ends the hold',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer(''), ['held 3/3', 'arm 300', 'publish a b c']],
      [2, answer('a b'), ['disarm', 'recovered 0/3', 'publish a b']],
      [301, timer, []],
    ],
  },
  {
    name: 'what is lost counts against the last believed list, not the last answer',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer(''), ['held 4/4', 'arm 300', 'publish a b c d']],
      [2, answer('a'), ['publish a b c d']],
      [3, answer('a b'), ['disarm', 'recovered 0/4', 'publish a b']],
    ],
  },
  {
    name: 'an answer that is held counts in what it says: new devices and changes',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer('a! x y'), ['held 2/3', 'arm 300', 'publish a! b c x y']],
      [2, answer('x y'), ['publish a b c x y']],
      [301, timer, ['disarm', 'believed 3/3', 'publish x y']],
    ],
  },
  {
    name: 'a source that fails meanwhile confirms nothing: its next answer decides',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer(''), ['held 3/3', 'arm 300', 'publish a b c']],
      [2, failed, []],
      [301, timer, []],
      [400, answer(''), ['disarm', 'believed 3/3', 'publish ']],
    ],
  },
  {
    name: 'a failure without a hold changes nothing',
    steps: [
      [0, failed, []],
      [1, answer('a'), ['publish a']],
      [2, failed, []],
    ],
  },
  {
    name: 'a timer that comes too early is armed again',
    steps: [
      [0, answer('a'), ['publish a']],
      [1, answer(''), ['held 1/1', 'arm 300', 'publish a']],
      [51, timer, ['arm 250']],
    ],
  },
  {
    name: 'a restored list is believed, and what is lost counts against it',
    steps: [
      [0, restored('a b c'), ['publish a b c']],
      [1, answer(''), ['held 3/3', 'arm 300', 'publish a b c']],
    ],
  },
  {
    name: 'without a grace period everything is believed at once, and said',
    holdMs: 0,
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer(''), ['disarm', 'believed 3/3', 'publish ']],
    ],
  },
  {
    name: 'devices that stop counting are lost and stay as they were',
    counts: ({ online }) => online !== false,
    steps: [
      [0, answer('a b c d!'), ['publish a b c d!']],
      [1, answer('a b! c d!'), ['publish a b! c d!']],
      [2, answer('a! b! c! d'), ['held 2/2', 'arm 300', 'publish a b! c d']],
      [302, timer, ['disarm', 'believed 2/2', 'publish a! b! c! d']],
    ],
  },
];

test('an address that another device has taken is not held too', () => {
  const at = (id: string, address: string) => create(DeviceSchema, { id, addresses: [address] });
  const ctx = { nowMs: 0, holdMs: 300_000, counts: () => true };
  const base = { base: [at('a', '100.64.0.1'), at('b', '100.64.0.2')] };
  const [, actions] = stepHold(base, { kind: 'answer', devices: [at('x', '100.64.0.1')] }, ctx);
  expect(actions.at(-1)).toMatchObject({ kind: 'publish', devices: [{ id: 'x' }, { id: 'b' }] });
});

test('whatever is answered within the grace period, most of what was believed stays', () => {
  const list = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
  fc.assert(
    fc.property(fc.array(fc.option(list)), (answers) => {
      let state: HoldState = {};
      for (const each of answers) {
        const base = state.base ?? [];
        const event: HoldEvent = each === null ? failed : answer(each.join(' '));
        const [next, actions] = stepHold(state, event, { nowMs: 0, holdMs: 1, counts: () => true });
        state = next;
        for (const action of actions) {
          if (action.kind !== 'publish') continue;
          const kept = base.filter(({ id }) => action.devices.some((device) => device.id === id));
          expect(kept.length * 2).toBeGreaterThanOrEqual(base.length);
        }
      }
    }),
  );
});

test.each(cases)('$name', ({ holdMs = 300_000, counts = () => true, steps }) => {
  let state: HoldState = {};
  for (const [seconds, event, expected] of steps) {
    const [next, actions] = stepHold(state, event, { nowMs: seconds * 1000, holdMs, counts });
    state = next;
    const told = actions.map((action) => {
      switch (action.kind) {
        case 'publish':
          return `publish ${ids(action.devices)}`;
        case 'arm':
          return `arm ${action.afterMs / 1000}`;
        case 'tell':
          return `${action.what} ${action.lost}/${action.had}`;
        default:
          return action.kind;
      }
    });
    expect(told, `after ${seconds} s`).toEqual(expected);
  }
});
