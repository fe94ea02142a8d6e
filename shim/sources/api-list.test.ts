import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readApiList } from './api-list.ts';
import { parseHeadscaleNode } from './headscale-node.ts';

const base = 'https://headscale.example.com';
const node = (number: number) => ({ id: String(number), ipAddresses: ['100.64.0.1'], givenName: `web-${number}` });
const nodes = (count: number) => ({ nodes: Array.from({ length: count }, (_, index) => node(index)) });
const read = (answer: unknown) => readApiList(answer, 'nodes', parseHeadscaleNode, base);

test('entries keep their order, and those that cannot be read are told by their place', async () => {
  const answer = { nodes: [node(1), { id: '2', ipAddresses: 'none', givenName: 'web-2' }, 'none', node(3), node(1)] };
  const list = await read(answer);
  if (!list.ok) throw new Error(list.failure.detail);
  expect(list.value.devices.map(({ id }) => id)).toEqual(['1', '3']);
  expect(list.value.rejected.map(({ place }) => place)).toEqual([
    'nodes[1].ipAddresses (web-2)',
    'nodes[2]',
    'nodes[4] (web-1)',
  ]);
});

test.each([[undefined], [null], ['text'], [{}], [{ nodes: {} }], [[]]])('%j is no list of devices', async (answer) => {
  expect(await read(answer)).toMatchObject({
    ok: false,
    failure: { reason: 'invalid-answer', detail: expect.stringContaining(`the answer of ${base} is no list`) },
  });
});

test('a long list is read while others have their turns', async () => {
  let turns = 0;
  let isRead = false;
  const others = (async () => {
    for (; !isRead; turns++) await turn();
  })();
  const list = await read(nodes(10_000));
  isRead = true;
  await others;
  expect(list.ok && list.value.devices).toHaveLength(10_000);
  expect(turns).toBeGreaterThanOrEqual(19);
});

test('a list that is too long is none, and none of it is read', async () => {
  const entry = new Proxy(node(1), {
    get: () => {
      throw new Error('read');
    },
  });
  expect(await read({ nodes: Array.from({ length: 100_001 }, () => entry) })).toMatchObject({
    failure: { reason: 'invalid-answer', detail: expect.stringMatching(/lists 100001 nodes, and at most 100000/) },
  });
});
