/** A time as MicroTime, which has six digits of seconds or is refused. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
