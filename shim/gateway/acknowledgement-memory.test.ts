import { expect, test } from 'vitest';
import { createFakeClock } from '../timing/fake-clock.ts';
import type { ResourceAnswer } from '../xds/stream-subscription.ts';
import { createAcknowledgementMemory } from './acknowledgement-memory.ts';

const took = (nodeId: string): ResourceAnswer => ({ kind: 'acknowledged', nodeId });
const waits = (nodeId: string): ResourceAnswer => ({ kind: 'pending', nodeId });
const refuses = (nodeId: string): ResourceAnswer => ({ kind: 'refused', nodeId, message: 'no' });

function start() {
  const clock = createFakeClock();
  const memory = createAcknowledgementMemory({ clock });
  const content = {};
  const counts = (answers: readonly ResourceAnswer[], of: object | undefined = content) => {
    const { acknowledged, pending, refused } = memory(of, answers);
    return [acknowledged, pending, refused.length];
  };
  return { clock, counts };
}

test('an Envoy that connects again, or is away for a moment, has what it took', () => {
  const { clock, counts } = start();
  expect(counts([took('a'), waits('b')])).toEqual([1, 1, 0]);
  expect(counts([waits('a'), took('b')])).toEqual([2, 0, 0]);
  expect(counts([])).toEqual([2, 0, 0]);
  clock.advance(59_999);
  expect(counts([took('a')])).toEqual([2, 0, 0]);
  clock.advance(1);
  expect(counts([])).toEqual([1, 0, 0]);
  clock.advance(60_000);
  expect(counts([waits('a')])).toEqual([0, 1, 0]);
});

test('other content was not taken, and what is refused is not remembered', () => {
  const { counts } = start();
  expect(counts([took('a'), took('b')])).toEqual([2, 0, 0]);
  expect(counts([waits('a')], {})).toEqual([0, 1, 0]);

  expect(counts([refuses('a')])).toEqual([1, 0, 1]);
  expect(counts([waits('a')])).toEqual([1, 1, 0]);
});

test('an Envoy that has taken it on one stream and not on another is no Envoy that has', () => {
  const { counts } = start();
  expect(counts([took('a'), waits('a')])).toEqual([0, 1, 0]);
  expect(counts([waits('a')])).toEqual([0, 1, 0]);
});
