import { describe, expect, it } from 'vitest';
import { createStyle, wantsColours } from './style.ts';
import { formatTable } from './table.ts';

describe('a table', () => {
  const columns = [{ title: 'NAME' }, { title: 'N', align: 'right' as const }, { title: 'STATE' }];

  it('has columns as wide as their widest cell, and no spaces at the end', () => {
    expect(
      formatTable(
        columns,
        [
          ['west-1', '5', 'ok'],
          ['e', '1000', ''],
        ],
        '  ',
      ),
    ).toBe('  NAME       N  STATE\n  west-1     5  ok\n  e       1000');
  });

  it('gives colours no room', () => {
    const { bad } = createStyle(true);
    const [, row = ''] = formatTable(columns, [[bad('x'), '1', 'ok']]).split('\n');
    expect(row).toBe(`${bad('x')}     1  ok`);
    expect(bad('x')).toBe('\u001b[31mx\u001b[39m');
    expect(createStyle(false).bad('x')).toBe('x');
  });

  it('has its titles when it has no rows', () => {
    expect(formatTable(columns, [])).toBe('NAME  N  STATE');
  });
});

describe('colours', () => {
  const hasColors = () => true;
  const hasNone = () => false;
  const terminal = { isTTY: true, hasColors };
  it.each([
    { name: 'on a terminal', stream: terminal, environment: {}, wanted: true },
    { name: 'not with NO_COLOR', stream: terminal, environment: { NO_COLOR: '1' }, wanted: false },
    { name: 'with an empty NO_COLOR', stream: terminal, environment: { NO_COLOR: '' }, wanted: true },
    { name: 'not in a pipe', stream: { hasColors }, environment: {}, wanted: false },
    { name: 'not on a poor terminal', stream: { isTTY: true, hasColors: hasNone }, environment: {}, wanted: false },
  ])('$name', ({ stream, environment, wanted }) => {
    expect(wantsColours(stream, environment)).toBe(wanted);
  });
});
