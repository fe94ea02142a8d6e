import { expect, test } from 'vitest';
import { commands } from '../../deploy/command/commands.ts';
import { wrap } from './wrap.ts';

test.each([
  { name: 'a short line', first: '  a  ', text: 'one two', lines: ['  a  one two'] },
  { name: 'nothing', first: 'a', text: '', lines: ['a'] },
  {
    name: 'more than a line, below itself',
    first: '  a  ',
    text: `${'x'.repeat(40)} ${'y'.repeat(34)} ${'z'.repeat(3)}`,
    lines: [`  a  ${'x'.repeat(40)} ${'y'.repeat(34)}`, `     ${'z'.repeat(3)}`],
  },
  { name: 'a word that is too long', first: 'a ', text: `${'x'.repeat(99)} y`, lines: [`a ${'x'.repeat(99)}`, '  y'] },
])('wraps $name', ({ first, text, lines }) => {
  expect(
    wrap(
      first,
      text.split(' ').filter((word) => word !== ''),
    ).split('\n'),
  ).toEqual(lines);
});

test.each(commands.filter(({ name }) => name !== 'serve'))('the help of $name fits 80 columns', (command) => {
  const isProse = (line: string) => !line.startsWith('  # ') && !line.startsWith('  tailway ');
  expect(
    command
      .help()
      .split('\n')
      .filter((line) => isProse(line) && line.length > 80),
  ).toEqual([]);
});
