import { setImmediate as turn } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { callBatches } from './call-batches.ts';

const refused = new ConnectError('refused', Code.InvalidArgument);
const away = new ConnectError('away', Code.Unavailable);

const soon = { timeout: 10_000, interval: 5 };

/** Batches of letters, `ab cd`, asked one after another unless it is said otherwise; with the calls that were made. */
async function ask(batches: string, answer: (batch: string) => string | Promise<string>, parallel = 1) {
  const calls: string[] = [];
  const result = await callBatches({
    batches: batches.split(' ').map((batch) => batch.split('')),
    call: async (batch) => {
      calls.push(batch.join(''));
      return answer(batch.join(''));
    },
    parallel,
  });
  const failed = result.failed.map(({ input, err }) => [input, err] as const);
  return { ...result, answered: result.answered.map(({ batch }) => batch.join('')), failed, calls };
}

const refuse = (letters: RegExp) => (batch: string) => {
  if (letters.test(batch)) throw refused;
  return batch;
};

/** Calls that are answered by hand, with those that are under way. */
function answeredByHand() {
  const open = new Map<string, PromiseWithResolvers<string>>();
  return {
    open,
    answer: (batch: string) => {
      const call = Promise.withResolvers<string>();
      open.set(batch, call);
      return call.promise.finally(() => open.delete(batch));
    },
  };
}

test('nothing to ask asks nothing', async () => {
  const call = () => Promise.reject(refused);
  expect(await callBatches({ batches: [], call, parallel: 4 })).toEqual({
    answered: [],
    failed: [],
    outage: undefined,
  });
});

test('calls are made in order, and answers stand beside what was asked', async () => {
  const { answered, failed, outage } = await callBatches({
    batches: [[1, 2], [3], [4, 5]],
    call: async (batch) => batch.reduce((sum, each) => sum + each, 0),
    parallel: 1,
  });
  expect(answered).toEqual([
    { batch: [1, 2], answer: 3 },
    { batch: [3], answer: 3 },
    { batch: [4, 5], answer: 9 },
  ]);
  expect([failed, outage]).toEqual([[], undefined]);
});

describe('a call that fails for what is in it', () => {
  test.each([
    {
      name: 'is made again in halves, before those that follow',
      batches: 'abcd ef',
      bad: /c/,
      calls: ['abcd', 'ab', 'cd', 'c', 'd', 'ef'],
      answered: ['ab', 'd', 'ef'],
      failed: [['c', refused]],
    },
    {
      name: 'of an odd number has a smaller half first',
      batches: 'abc',
      bad: /a/,
      calls: ['abc', 'a', 'bc'],
      answered: ['bc'],
      failed: [['a', refused]],
    },
    {
      name: 'because of all that is in it fails for each',
      batches: 'ab c',
      bad: /[ab]/,
      calls: ['ab', 'a', 'b', 'c'],
      answered: ['c'],
      failed: [
        ['a', refused],
        ['b', refused],
      ],
    },
  ])('$name', async ({ batches, bad, calls, answered, failed }) => {
    expect(await ask(batches, refuse(bad))).toEqual({ calls, answered, failed, outage: undefined });
  });

  test('by a bug, before it is made, is no outage', async () => {
    const bug = new Error('a bug');
    const call = ([input]: readonly string[]): Promise<string> => {
      if (input === 'a') throw bug;
      return Promise.resolve('');
    };
    const { answered, failed, outage } = await callBatches({ batches: [['a'], ['b']], call, parallel: 1 });
    expect(failed).toEqual([{ input: 'a', err: bug }]);
    expect([answered.length, outage]).toEqual([1, undefined]);
  });
});

describe('a function that cannot be reached', () => {
  test('is asked no more, and all that is left fails in its order', async () => {
    const { calls, answered, failed, outage } = await ask('ab cd ef g', (batch) => {
      if (batch === 'cd') throw away;
      return batch;
    });
    expect([calls, answered, outage]).toEqual([['ab', 'cd'], ['ab'], { err: away }]);
    expect(failed).toEqual('cdefg'.split('').map((input) => [input, away]));
  });

  test('between two halves leaves the other without an answer', async () => {
    const { calls, answered, failed } = await ask('abcd ef', (batch) => {
      if (batch === 'ab') throw away;
      return refuse(/c/)(batch);
    });
    expect([calls, answered]).toEqual([['abcd', 'ab'], []]);
    expect(failed).toEqual('abcdef'.split('').map((input) => [input, away]));
  });

  test('counts once, and what others were asked meanwhile counts too', async () => {
    const { open, answer } = answeredByHand();
    const asking = ask('a bc d e f', answer, 4);
    expect([...open.keys()]).toEqual(['a', 'bc', 'd', 'e']);
    open.get('a')?.reject(away);
    await turn();
    open.get('d')?.resolve('');
    open.get('e')?.reject(new ConnectError('later', Code.Unavailable));
    open.get('bc')?.reject(refused);
    const { calls, answered, failed, outage } = await asking;
    expect([calls, answered, outage]).toEqual([['a', 'bc', 'd', 'e'], ['d'], { err: away }]);
    expect(failed.map(([input]) => input).toSorted()).toEqual(['a', 'b', 'c', 'e', 'f']);
  });
});

describe('calls at once', () => {
  test('are as many as are allowed, and the next one starts when one ends', async () => {
    const { open, answer } = answeredByHand();
    const asking = ask('a b c d', answer, 2);
    expect([...open.keys()]).toEqual(['a', 'b']);
    open.get('b')?.resolve('');
    await expect.poll(() => [...open.keys()], soon).toEqual(['a', 'c']);
    open.get('c')?.resolve('');
    await expect.poll(() => [...open.keys()], soon).toEqual(['a', 'd']);
    open.get('a')?.resolve('');
    open.get('d')?.resolve('');
    expect((await asking).answered).toEqual(['b', 'c', 'a', 'd']);
  });

  test('find the halves of another', async () => {
    const { open, answer } = answeredByHand();
    const asking = ask('ab c d', answer, 2);
    open.get('ab')?.reject(refused);
    await expect.poll(() => [...open.keys()], soon).toEqual(['c', 'a']);
    open.get('c')?.resolve('');
    await expect.poll(() => [...open.keys()], soon).toEqual(['a', 'b']);
    open.get('a')?.resolve('');
    open.get('b')?.resolve('');
    await expect.poll(() => [...open.keys()], soon).toEqual(['d']);
    open.get('d')?.resolve('');
    expect((await asking).answered).toEqual(['c', 'a', 'b', 'd']);
  });
});

test('between calls that never wait, halves among them, the event loop has its turn', async () => {
  const seen: string[] = [];
  await ask('ab c d', (batch) => {
    seen.push(batch);
    setImmediate(() => seen.push('turn'));
    return refuse(/ab/)(batch);
  });
  expect(seen.slice(0, 9)).toEqual(['ab', 'turn', 'a', 'turn', 'b', 'turn', 'c', 'turn', 'd']);
});
