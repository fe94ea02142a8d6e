import type { Log } from './telemetry/log.ts';

/** Aborts at the first SIGTERM or SIGINT; the second ends the process at once, with status 1. */
export function shutdownSignal(log: Log): AbortSignal {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      log.warn({ signal }, 'stopping at once');
      process.exit(1);
    }
    log.info({ signal }, 'stopping');
    controller.abort();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  return controller.signal;
}
