import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeviceSchema, type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { stepHold, type HoldEvent, type HoldState } from './hold.ts';

const device = (id: string, online?: boolean) =>
  create(DeviceSchema, { id, name: id, ...(online === undefined ? {} : { online }) });
/** `'a b c'` → three devices; with `!` behind it one is offline, with `-` before that not authorized. */
const devices = (ids: string) =>
  ids
    .split(' ')
    .filter(Boolean)
    .map((id) =>
      create(DeviceSchema, {
        ...device(id.replace(/[-!]+$/, ''), id.endsWith('!') ? false : undefined),
        authorized: !id.includes('-'),
      }),
    );
const ids = (list: readonly Device[]) =>
  list
    .map(({ id, online, authorized }) => `${id}${authorized ? '' : '-'}${online === false ? '!' : ''}`)
    .toSorted()
    .join(' ');

const isOffline = ({ online }: Device) => online === false;
const restored = (list: string): HoldEvent => ({ kind: 'restored', devices: devices(list) });
const answer = (list: string): HoldEvent => ({ kind: 'answer', devices: devices(list) });
const failed: HoldEvent = { kind: 'failed' };
const timer: HoldEvent = { kind: 'timer' };

interface Case {
  readonly name: string;
  readonly holdMs?: number;
  readonly trustsFirst?: boolean;
  /** Seconds, the event, and what is done about it, in short. */
  readonly steps: readonly (readonly [seconds: number, event: HoldEvent, actions: readonly string[]])[];
}

const cases: readonly Case[] = [
  {
    name: 'a first answer with somebody is believed',
    steps: [
      [0, answer('a! b! c'), ['publish a! b! c']],
      [1, answer('a b! c'), ['publish a b! c']],
    ],
  },
  {
    name: 'a first answer with nobody is held, and believed after the grace period',
    steps: [
      [0, answer(''), ['held first-answer 0+0/0', 'arm 300']],
      [30, answer(''), []],
      [300, timer, ['disarm', 'believed first-answer 0+0/0 after 300', 'publish ']],
      [301, answer(''), ['publish ']],
    ],
  },
  {
    name: 'a first answer that calls everybody offline is held too, until one is online',
    steps: [
      [0, answer('a! b!'), ['held first-answer 0+0/0', 'arm 300']],
      [1, answer('a b!'), ['disarm', 'recovered first-answer 0+0/0', 'publish a b!']],
    ],
  },
  {
    name: 'a single device that is offline at first is believed',
    steps: [[0, answer('a!'), ['publish a!']]],
  },
  {
    name: 'a first answer that fails to come again stays unbelieved',
    steps: [
      [0, answer(''), ['held first-answer 0+0/0', 'arm 300']],
      [1, failed, []],
      [300, timer, []],
      [330, answer(''), ['disarm', 'believed first-answer 0+0/0 after 330', 'publish ']],
    ],
  },
  {
    name: "a user's own word at first is believed, and said",
    trustsFirst: true,
    steps: [
      [0, answer(''), ['disarm', 'believed first-answer 0+0/0 after 0', 'publish ']],
      [1, answer('a'), ['publish a']],
      [2, answer(''), ['held devices-gone 1+0/1', 'arm 300', 'publish a']],
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
      [1, answer('a'), ['held devices-gone 2+0/3', 'arm 300', 'publish a b c']],
      [100, answer('a'), ['publish a b c']],
      [301, timer, ['disarm', 'believed devices-gone 2+0/3 after 300', 'publish a']],
      [302, timer, []],
    ],
  },
  {
    name: 'an answer after the grace period needs no timer',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer(''), ['held devices-gone 3+0/3', 'arm 300', 'publish a b c']],
      [301, answer(''), ['disarm', 'believed devices-gone 3+0/3 after 300', 'publish ']],
    ],
  },
  {
    name: 'the last of one or two devices is held too',
    steps: [
      [0, answer('a'), ['publish a']],
      [1, answer(''), ['held devices-gone 1+0/1', 'arm 300', 'publish a']],
    ],
  },
  {
    name: 'a good answer ends the hold',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer(''), ['held devices-gone 3+0/3', 'arm 300', 'publish a b c']],
      [2, answer('a b'), ['disarm', 'recovered devices-gone 1+0/3', 'publish a b']],
      [301, timer, []],
    ],
  },
  {
    name: 'what is lost counts against the last believed list, not the last answer',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer(''), ['held devices-gone 4+0/4', 'arm 300', 'publish a b c d']],
      [2, answer('a'), ['publish a b c d']],
      [3, answer('a b'), ['disarm', 'recovered devices-gone 2+0/4', 'publish a b']],
    ],
  },
  {
    name: 'an answer that is held counts in what it says: new devices and changes',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer('a! x y'), ['held devices-gone 2+1/3', 'arm 300', 'publish a b c x y']],
      [2, answer('x y'), ['publish a b c x y']],
      [301, timer, ['disarm', 'believed devices-gone 3+0/3 after 300', 'publish x y']],
    ],
  },
  {
    name: 'a source that fails meanwhile confirms nothing: its next answer decides',
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer(''), ['held devices-gone 3+0/3', 'arm 300', 'publish a b c']],
      [2, failed, []],
      [301, timer, []],
      [400, answer(''), ['disarm', 'believed devices-gone 3+0/3 after 399', 'publish ']],
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
      [1, answer(''), ['held devices-gone 1+0/1', 'arm 300', 'publish a']],
      [51, timer, ['arm 250']],
    ],
  },
  {
    name: 'a restored list is believed, and what is lost counts against it',
    steps: [
      [0, restored('a b c'), ['publish a b c']],
      [1, answer(''), ['held devices-gone 3+0/3', 'arm 300', 'publish a b c']],
    ],
  },
  {
    name: 'without a grace period everything is believed at once, and said',
    holdMs: 0,
    steps: [
      [0, answer('a b c'), ['publish a b c']],
      [1, answer(''), ['disarm', 'believed devices-gone 3+0/3 after 0', 'publish ']],
    ],
  },
  {
    name: 'most devices called offline at once are held as they were, and believed after the grace period',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer('a! b! c! d!'), ['held devices-offline 0+4/4', 'arm 300', 'publish a b c d']],
      [2, answer('a! b! c! d!'), ['publish a b c d']],
      [301, timer, ['disarm', 'believed devices-offline 0+4/4 after 300', 'publish a! b! c! d!']],
    ],
  },
  {
    name: 'what else an answer says of a device counts while it is held: who is not authorized any more serves no longer',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer('a! b-! c! d! e'), ['held devices-offline 0+4/4', 'arm 300', 'publish a b- c d e']],
      [2, answer('a-! b-! c-! d-!'), ['publish a- b- c- d-']],
    ],
  },
  {
    name: 'a decision of an administrator is not held, of however many devices',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer('a- b- c- d-'), ['publish a- b- c- d-']],
    ],
  },
  {
    name: 'devices that go offline one by one are believed',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer('a! b! c d'), ['publish a! b! c d']],
      [2, answer('a! b! c! d'), ['publish a! b! c! d']],
      [3, answer('a! b! c! d!'), ['publish a! b! c! d!']],
    ],
  },
  {
    name: 'one device that goes offline is believed, two that are all there are are held',
    steps: [
      [0, answer('a b c!'), ['publish a b c!']],
      [1, answer('a! b! c!'), ['held devices-offline 0+2/3', 'arm 300', 'publish a b c!']],
      [2, answer('a b! c'), ['publish a b c']],
      [3, answer('a b c'), ['disarm', 'recovered devices-offline 0+0/3', 'publish a b c']],
    ],
  },
  {
    name: 'devices that come back one by one stay until all are back, or the grace period is over',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer('a! b! c! d!'), ['held devices-offline 0+4/4', 'arm 300', 'publish a b c d']],
      [31, answer('a b c! d!'), ['publish a b c d']],
      [61, answer('a b c d!'), ['publish a b c d']],
      [301, timer, ['disarm', 'believed devices-offline 0+1/4 after 300', 'publish a b c d!']],
    ],
  },
  {
    name: 'some gone and the others offline are most of them together',
    steps: [
      [0, answer('a b c d'), ['publish a b c d']],
      [1, answer('a! b!'), ['held devices-offline 2+2/4', 'arm 300', 'publish a b c d']],
      [2, answer(''), ['publish a b c d']],
      [301, timer, ['disarm', 'believed devices-gone 4+0/4 after 300', 'publish ']],
    ],
  },
  {
    name: 'devices that were offline before count for nothing',
    steps: [
      [0, restored('a! b! c! d'), ['publish a! b! c! d']],
      [1, answer('a! b! c! d!'), ['publish a! b! c! d!']],
    ],
  },
  {
    name: 'over a restart, what is called offline counts against the saved list',
    steps: [
      [0, restored('a b c'), ['publish a b c']],
      [1, answer('a! b! c!'), ['held devices-offline 0+3/3', 'arm 300', 'publish a b c']],
    ],
  },
];

test('an address that another device has taken is not held too', () => {
  const at = (id: string, address: string) => create(DeviceSchema, { id, addresses: [address] });
  const ctx = { nowMs: 0, holdMs: 300_000, trustsFirst: false, isOffline };
  const base = { base: [at('a', '100.64.0.1'), at('b', '100.64.0.2')] };
  const [, actions] = stepHold(base, { kind: 'answer', devices: [at('x', '100.64.0.1')] }, ctx);
  expect(actions.at(-1)).toMatchObject({ kind: 'publish', devices: [{ id: 'x' }, { id: 'b' }] });
});

test('whatever is answered within the grace period, most of what was believed stays, and online', () => {
  const list = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'a!', 'b!', 'c!', 'd!', 'e!'), {
    selector: (id) => id.replace('!', ''),
  });
  fc.assert(
    fc.property(fc.array(fc.option(list)), (answers) => {
      let state: HoldState = {};
      for (const each of answers) {
        const base = state.base ?? [];
        const event: HoldEvent = each === null ? failed : answer(each.join(' '));
        const [next, actions] = stepHold(state, event, { nowMs: 0, holdMs: 1, trustsFirst: false, isOffline });
        state = next;
        for (const action of actions) {
          if (action.kind !== 'publish') continue;
          const kept = base.filter(({ id }) => action.devices.some((device) => device.id === id));
          expect(kept.length * 2).toBeGreaterThanOrEqual(base.length);
          const online = base.filter((device) => !isOffline(device));
          const serving = online.filter(({ id }) => action.devices.some((each) => each.id === id && !isOffline(each)));
          const offline = kept.filter(
            ({ id }) => online.some((each) => each.id === id) && !serving.some((each) => each.id === id),
          );
          const fewest = offline.length > 0 && online.length > 1 ? online.length : 0;
          expect(serving.length * 2).toBeGreaterThanOrEqual(fewest);
        }
      }
    }),
  );
});

test.each(cases)('$name', ({ holdMs = 300_000, trustsFirst = false, steps }) => {
  let state: HoldState = {};
  for (const [seconds, event, expected] of steps) {
    const [next, actions] = stepHold(state, event, { nowMs: seconds * 1000, holdMs, trustsFirst, isOffline });
    state = next;
    const told = actions.map((action) => {
      switch (action.kind) {
        case 'publish':
          return `publish ${ids(action.devices)}`;
        case 'arm':
          return `arm ${action.afterMs / 1000}`;
        case 'tell':
          return [
            action.what,
            action.cause,
            `${action.gone}+${action.offline}/${action.had}`,
            ...(action.what === 'believed' ? [`after ${action.afterMs / 1000}`] : []),
          ].join(' ');
        default:
          return action.kind;
      }
    });
    expect(told, `after ${seconds} s`).toEqual(expected);
  }
});
