/** The known name that was probably meant; undefined: none is near. */
export function findNearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((each) => ({ each, distance: each.startsWith(name) ? 0 : editDistance(name, each) }))
    .toSorted((a, b) => a.distance - b.distance);
  // A third of a word may be wrong; more is another word.
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.each.length / 3)) ? best.each : undefined;
}

/**
 * Number of characters to insert, delete, change or swap with their neighbour that turn one text into the other.
 *
 * https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance
 */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (above[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change, swap));
    }
    before = above;
    above = row;
  }
  return above[to.length] ?? 0;
}
