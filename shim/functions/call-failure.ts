import { Code, type ConnectError } from '@connectrpc/connect';
import type { SchemaSkew } from '../../functions/serving/schema-version.ts';
import { parseRetryAfter } from '../timing/retry-after.ts';
import type { CircuitFailure } from './circuit.ts';

/** Why a call has no good answer: a label of metrics. */
export type FailureResult =
  | 'unavailable'
  | 'timeout'
  | 'rate-limited'
  | 'unauthenticated'
  | 'not-found'
  | 'skew'
  | 'garbage'
  | 'invalid'
  | 'too-large'
  | 'error';

/** A call without a good answer. */
export interface CallFailure {
  readonly result: FailureResult;
  /** A sentence without its subject, dot, or any secret: `answers with status 502`. */
  readonly detail: string;
  /** The code that was answered, or stands for it. */
  readonly code: Code;
  /** How long the other side asks to be left alone. */
  readonly retryAfterMs?: number;
}

/** What of a response was seen before the call failed. */
export interface SeenResponse {
  readonly status: number;
  readonly header: Headers;
  /** The function's contracts beside ours. */
  readonly skew: SchemaSkew;
}

/** Tells apart why a call failed. `seen` is absent when no response began. */
export function toCallFailure(error: ConnectError, seen: SeenResponse | undefined, nowMs: number): CallFailure {
  const { code } = error;
  if (seen === undefined) return withoutResponse(error);
  const retryAfterMs = parseRetryAfter(seen.header.get('retry-after'), nowMs);
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  const { skew } = seen;
  const isTold = seen.status !== 200 || error.metadata.has('grpc-status');
  if (!isTold) return { ...brokenBody(error), ...asked };
  if (isAboutMeaning(code) && (skew === 'older' || skew === 'newer')) return { ...skewFailure(skew), ...asked };
  const result = skew === 'unknown' && seen.status !== 200 ? resultOfStatus(seen.status) : resultOfCode(code, skew);
  const said = skew === 'unknown' ? '' : `: ${shorten(error.rawMessage)}`;
  const what = seen.status === 200 ? `fails with ${Code[code]}` : `answers with status ${seen.status}`;
  return { result, code, detail: `${what}${remedies[result] ?? ''}${said}`, ...asked };
}

/** An older or newer function than this process, which its answers can't be used for. */
export function skewFailure(skew: Exclude<SchemaSkew, 'same' | 'unknown'>): CallFailure {
  const detail = `is of an ${skew === 'older' ? 'older' : 'other, newer'} schema than this process: deploy the ${skew === 'older' ? 'functions' : 'shim'} again`;
  return { result: 'skew', code: Code.Unavailable, detail };
}

/** An answer that is none. */
export function garbageFailure(detail: string): CallFailure {
  return { result: 'garbage', code: Code.DataLoss, detail: `answers with garbage: ${detail}` };
}

/** Whether the same call may go well a moment later. */
export function isTransient({ result, retryAfterMs }: CallFailure): boolean {
  return result === 'unavailable' && retryAfterMs === undefined;
}

/** Whether the request is the reason: the function is there, and would refuse it wherever it runs. */
export function isAboutRequest({ result }: CallFailure): boolean {
  return result === 'invalid' || result === 'too-large';
}

/** The code of a call that nobody answers. Where no function has judged the request, parts of it would fare no better. */
export function toErrorCode({ result, code }: CallFailure): Code {
  if (result === 'too-large') return Code.ResourceExhausted;
  return result === 'invalid' || result === 'error' ? code : Code.Unavailable;
}

/** What a failure means for a circuit. */
export function toCircuitFailure({ result, retryAfterMs }: CallFailure): CircuitFailure {
  const passing: readonly FailureResult[] = ['unavailable', 'garbage', 'error'];
  return { lasting: !passing.includes(result), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const remedies: Readonly<Partial<Record<FailureResult, string>>> = {
  unauthenticated: ' (check FUNCTIONS_TOKEN, FUNCTIONS_ACCESS_CLIENT_ID and FUNCTIONS_ACCESS_CLIENT_SECRET)',
  'not-found': ' (check --functions-url, and whether the function is deployed there)',
};

function withoutResponse(error: ConnectError): CallFailure {
  const { code } = error;
  // Before anything was sent: only what is too large for a function fails then.
  if (code === Code.ResourceExhausted)
    return { result: 'too-large', code, detail: 'does not read requests this large' };
  if (code === Code.DeadlineExceeded) return { result: 'timeout', code, detail: 'did not answer in time' };
  const reason = nodeCode(error);
  const remedy = reason?.includes('CERT') === true ? ': check --functions-ca-file' : '';
  const detail = `cannot be reached${reason === undefined ? '' : ` (${reason})`}${remedy}`;
  return { result: 'unavailable', code: Code.Unavailable, detail };
}

/** A response that began well, and did not go on so. */
function brokenBody(error: ConnectError): CallFailure {
  switch (error.code) {
    case Code.DeadlineExceeded:
      return { result: 'timeout', code: error.code, detail: 'did not end its answer in time' };
    case Code.Aborted:
    case Code.Canceled:
    case Code.Unavailable:
      return { result: 'unavailable', code: Code.Unavailable, detail: 'broke off its answer' };
    default:
      return garbageFailure('it is no answer of a function');
  }
}

function isAboutMeaning(code: Code): boolean {
  switch (code) {
    case Code.InvalidArgument:
    case Code.OutOfRange:
    case Code.FailedPrecondition:
    case Code.Unimplemented:
    case Code.NotFound:
    case Code.Internal:
    case Code.Unknown:
      return true;
    default:
      return false;
  }
}

/** A status that no function of ours gave: somebody in between did, or nobody of ours is there. */
function resultOfStatus(status: number): FailureResult {
  // A login page in front of functions redirects.
  if (status === 401 || status === 403 || (status >= 300 && status < 400)) return 'unauthenticated';
  if (status === 404 || status === 405 || status === 501) return 'not-found';
  if (status === 413) return 'too-large';
  if (status === 429) return 'rate-limited';
  return status >= 500 || status === 408 || status === 425 ? 'unavailable' : 'garbage';
}

function resultOfCode(code: Code, skew: SchemaSkew): FailureResult {
  switch (code) {
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return 'unauthenticated';
    case Code.InvalidArgument:
    case Code.OutOfRange:
    case Code.FailedPrecondition:
      return skew === 'unknown' ? 'garbage' : 'invalid';
    case Code.ResourceExhausted:
      return skew === 'unknown' ? 'rate-limited' : 'too-large';
    case Code.Unimplemented:
    case Code.NotFound:
      return 'not-found';
    case Code.DeadlineExceeded:
      return 'timeout';
    case Code.Unavailable:
    case Code.Aborted:
    case Code.Canceled:
      return 'unavailable';
    default:
      return skew === 'unknown' ? 'garbage' : 'error';
  }
}

/** Only the code of a network error is told: messages may quote addresses and headers. */
function nodeCode(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && /^[A-Z0-9_]{1,64}$/.test(cause.code)) return cause.code;
  }
  return undefined;
}

function shorten(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}
