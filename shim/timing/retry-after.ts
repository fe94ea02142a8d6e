/** The longest that a server is left alone for its asking: a slip of its clock must not end the polling. */
const longestMs = 60 * 60 * 1000;

/**
 * Reads a Retry-After header, seconds or an HTTP date, as milliseconds from now; what is neither counts as absent.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  // Dates begin with the name of a day; Date.parse would also make something of "-5" or "1.5".
  if (Number.isNaN(ms) || !/^(\d+$|[A-Za-z])/.test(text)) return undefined;
  return Math.min(Math.max(ms, 0), longestMs);
}
