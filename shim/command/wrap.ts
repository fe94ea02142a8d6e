/** Columns of a terminal that nobody has made wider. */
const columns = 80;

/**
 * A text in lines of at most 80 columns, broken between words: the first begins with `first`, the others are indented as far,
 * or by `indent`. A word that is longer than a line has a line of its own.
 */
export function wrap(first: string, words: readonly string[], indent = ' '.repeat(first.length)): string {
  const lines: string[] = [];
  let line = first;
  let isFresh = true;
  for (const word of words) {
    if (!isFresh && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = indent;
      isFresh = true;
    }
    line += isFresh ? word : ` ${word}`;
    isFresh = false;
  }
  return [...lines, line].join('\n');
}
