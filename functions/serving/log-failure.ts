import { type ConnectError } from '@connectrpc/connect';

/** Tells a Worker's log of a call that failed by a fault of ours, as `wrangler tail` and the dashboard show it. */
export function logFailure(method: string, { cause, rawMessage }: ConnectError): void {
  const fault = cause instanceof Error ? (cause.stack ?? cause.message) : rawMessage;
  // oxlint-disable-next-line eslint/no-console, eslint/no-restricted-globals -- the log of a Worker is its console
  console.error(JSON.stringify({ level: 'error', message: 'call failed', method, fault }));
}
