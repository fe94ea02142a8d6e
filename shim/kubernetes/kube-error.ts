/** Why a request to the API server has no answer that can be used. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** The HTTP status; 0 where there was no answer: not reached, broken off, or too late. */
  readonly status: number;
  /** `reason` of the API server's Status, such as `AlreadyExists`; empty where it gave none. */
  readonly reason: string;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    {
      status = 0,
      reason = '',
      retryAfterMs,
      cause,
    }: { status?: number; reason?: string; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether an error is the API server's answer with one of these statuses. */
export function isKubeError(err: unknown, ...statuses: readonly number[]): boolean {
  return err instanceof KubeError && (statuses.length === 0 || statuses.includes(err.status));
}
