/** A time as Kubernetes writes it in conditions and statuses: without fractions of seconds. */
export function formatStatusTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
