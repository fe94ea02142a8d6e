import { stripVTControlCharacters } from 'node:util';

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand at the right; default: left. */
  readonly align?: 'left' | 'right';
}

/** Two spaces separate columns. */
const gap = '  ';

/**
 * A table as lines of text, each column as wide as its widest cell; colours in cells take no room. Cells that are missing
 * are empty, and no line ends on spaces.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], indent = ''): string {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, index) =>
    [titles, ...rows].reduce((width, row) => Math.max(width, widthOf(row[index] ?? '')), 0),
  );
  const lines = [titles, ...rows].map((row) =>
    columns.map(({ align }, index) => pad(row[index] ?? '', widths[index] ?? 0, align)).join(gap),
  );
  return lines.map((line) => `${indent}${line}`.trimEnd()).join('\n');
}

function pad(cell: string, width: number, align: Column['align']): string {
  const spaces = ' '.repeat(width - widthOf(cell));
  return align === 'right' ? spaces + cell : cell + spaces;
}

function widthOf(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}
