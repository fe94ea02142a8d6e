import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type Group, GroupSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { createGroupGate, type TailnetKnowledge } from './group-gate.ts';

const group = (name: string, ...tailnets: string[]): Group => create(GroupSchema, { name, port: 80, tailnets });

function gateOf(knowledge: Record<string, TailnetKnowledge>, passUnread = false) {
  const told: string[][] = [];
  const gate = createGroupGate({
    knowledgeOf: (tailnet) => knowledge[tailnet] ?? 'absent',
    passUnread,
    onGroups: (groups) => told.push(groups.map(({ name, tailnets }) => [name, ...tailnets].join(' '))),
  });
  return { gate, told, knowledge };
}

test.each([
  { name: 'the settings', tailnets: [], knowledge: { '': 'known' }, through: true },
  { name: 'no source at all', tailnets: [], knowledge: {}, through: true },
  { name: 'one that is known', tailnets: ['a'], knowledge: { a: 'known' }, through: true },
  { name: 'one that is waited for', tailnets: ['a'], knowledge: { a: 'waiting' }, through: false },
  { name: 'one that failed', tailnets: ['a'], knowledge: { a: 'failed' }, through: false },
  { name: 'one that is gone', tailnets: ['a'], knowledge: {}, through: true },
  { name: 'two, one waited for', tailnets: ['', 'a'], knowledge: { '': 'known', a: 'waiting' }, through: false },
  { name: 'two, one failed', tailnets: ['', 'a'], knowledge: { '': 'known', a: 'failed' }, through: true },
  { name: 'two, both failed', tailnets: ['a', 'b'], knowledge: { a: 'failed', b: 'failed' }, through: false },
] as const)('a group of $name', ({ tailnets, knowledge, through }) => {
  const { gate, told } = gateOf(knowledge);
  gate.groups([group('g', ...tailnets)]);
  expect(told.at(-1) ?? []).toHaveLength(through ? 1 : 0);
});

test('a group comes when its tailnet is read, and is told once', () => {
  const { gate, told, knowledge } = gateOf({ '': 'known', a: 'waiting' });
  gate.groups([group('g', 'a'), group('h')]);
  knowledge['a'] = 'failed';
  gate.changed();
  knowledge['a'] = 'known';
  gate.changed();
  gate.changed();
  expect(told).toEqual([['h'], ['g a', 'h']]);
});

test('a group that is to be made of more stays as it was until that is known', () => {
  const { gate, told, knowledge } = gateOf({ '': 'known', a: 'waiting' });
  gate.groups([group('g', '')]);
  gate.groups([group('g', '', 'a')]);
  expect(told).toEqual([['g ']]);
  knowledge['a'] = 'known';
  gate.changed();
  expect(told).toEqual([['g '], ['g  a']]);
  gate.groups([]);
  expect(told.at(-1)).toEqual([]);
});

test('groups that stand in clusters go through empty rather than hold up a gateway', () => {
  const { gate, told, knowledge } = gateOf({ a: 'waiting' }, true);
  gate.groups([group('g', 'a')]);
  expect(told).toEqual([]);
  knowledge['a'] = 'failed';
  gate.changed();
  expect(told).toEqual([['g a']]);
});
