/** How long, for people: `3 s`, `5 min`, `2 h`, `4 d`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 120 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** How long ago; both times as ISO 8601. Of an absent time: `never`. */
export function formatAge(time: string | undefined, now: string): string {
  return time === undefined ? 'never' : `${formatSpan(Date.parse(now) - Date.parse(time))} ago`;
}
