import type { Log } from '../telemetry/log.ts';
import type { RequestFailure } from './json-request.ts';

/** Makes failures of what a source should never throw, so that a fault in one answer ends nobody's reading. */
export interface FaultReport {
  /** What `read` says; where it throws, a failure. */
  caught(read: () => Promise<RequestFailure | undefined>): Promise<RequestFailure | undefined>;
  /** Tells somebody who may throw. */
  told(tell: () => void): void;
}

/** Each fault is logged with its stack, and again only after something else has happened. */
export function createFaultReport(log: Log): FaultReport {
  let last = '';

  function report(err: unknown): void {
    const text = String(err);
    if (text !== last) log.error({ err }, 'failed to work on an answer with devices: this is a fault of Tailway');
    last = text;
  }

  return {
    async caught(read) {
      try {
        const failure = await read();
        last = '';
        return failure;
      } catch (err) {
        report(err);
        return faultToFailure(err);
      }
    },
    told(tell) {
      try {
        tell();
      } catch (err) {
        report(err);
      }
    },
  };
}

/** A fault as a failure, without its message, which may quote anything. */
function faultToFailure(err: unknown): RequestFailure {
  const detail = `the answer cannot be worked on for a fault of Tailway (${faultKind(err)}): the log of the shim has its stack`;
  return { reason: 'invalid-answer', detail };
}

/** The name of what was thrown: `RangeError`. */
export function faultKind(err: unknown): string {
  return err instanceof Error ? err.name : typeof err;
}
