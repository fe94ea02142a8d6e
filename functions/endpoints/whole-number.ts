/**
 * Reads a whole decimal number of `min` to `max`, written as JSON writes it: without sign, leading
 * zeros, spaces, fraction or exponent. Whatever else the text is, it is no number.
 */
export function parseWholeNumber(text: string, min: number, max: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,9})$/.test(text)) {
    return undefined;
  }
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}
