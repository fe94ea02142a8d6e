import type { Clock } from '../timing/clock.ts';
import type { SourceFailure } from './device-source.ts';
import { parseRetryAfter } from '../timing/retry-after.ts';

/** What came of a request: the value, or why there is none. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: RequestFailure };

/** Why a request has no answer, without any secret and without any of the answer's text. */
export interface RequestFailure extends Pick<SourceFailure, 'reason' | 'detail'> {
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number;
}

/** A request for JSON. */
export interface JsonRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Set for a POST of a form, absent for a GET. */
  readonly form?: URLSearchParams;
  /** What to do about a refusal, as a sentence without its dot. */
  readonly remedies: Readonly<Partial<Record<SourceFailure['reason'], string>>>;
}

/** Asks for JSON; every failure is an answer, and an abort is a failure like others. */
export type RequestJson = (request: JsonRequest, signal: AbortSignal) => Promise<Answer<unknown>>;

/** What is needed of `fetch`. */
export type Fetch = (
  url: URL,
  init: {
    readonly method?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: URLSearchParams;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/** The code of an error of `fetch`: the name of the API leads to addresses alone that may not be asked. */
export const forbiddenAddressCode = 'FORBIDDEN_ADDRESS';

/** What a client for JSON is made of. */
export interface JsonClientOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** The deadline of a request, its body included. */
  readonly timeoutMs: number;
  /** The longest body that is read; default: 64 MiB. */
  readonly maxBytes?: number;
}

/** A client that neither waits without end, nor reads without end, nor follows where it is sent. */
export function createJsonClient({
  fetch,
  clock,
  timeoutMs,
  maxBytes = 64 * 1024 * 1024,
}: JsonClientOptions): RequestJson {
  return async (request, signal) => {
    const deadline = new AbortController();
    const abort = () => deadline.abort();
    const cancel = clock.setTimeout(abort, timeoutMs);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      const response = await fetch(request.url, {
        ...(request.form === undefined ? {} : { method: 'POST', body: request.form }),
        headers: { accept: 'application/json', 'user-agent': 'tailway', ...request.headers },
        redirect: 'manual',
        signal: deadline.signal,
      });
      if (response.ok) return await readJson(request, response, maxBytes);
      await response.body?.cancel();
      return refused(request, response, clock.now());
    } catch (err) {
      if (!deadline.signal.aborted) return unreachable(request, err);
      return failed(request, 'timeout', `gave no whole answer within ${timeoutMs / 1000} s`);
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  };
}

async function readJson(request: JsonRequest, response: Response, maxBytes: number): Promise<Answer<unknown>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the rest of the body.
    if (length > maxBytes) return failed(request, 'invalid-answer', `answers with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // The parser's message quotes the text, which may be anything.
    const looks = text.trimStart().startsWith('<') ? 'HTML, as proxies and login pages do' : 'damaged JSON';
    const what = text.trim() === '' ? 'an empty text' : looks;
    return failed(request, 'invalid-answer', `answers with ${what} (${length} bytes)`);
  }
}

function refused(request: JsonRequest, response: Response, nowMs: number): Answer<never> {
  const { status } = response;
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), nowMs);
  const more = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status >= 300 && status < 400) {
    return failed(request, 'invalid-answer', `answers with a redirect (${status}): check the API address`, more);
  }
  return failed(request, reasonOf(status), `answers with status ${status}`, more);
}

function reasonOf(status: number): SourceFailure['reason'] {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not-found';
  if (status === 429) return 'rate-limited';
  return status >= 500 || status === 408 ? 'server-error' : 'invalid-answer';
}

/** Only the error's code is told: messages of `fetch` quote headers, and so the token. */
function unreachable(request: JsonRequest, err: unknown): Answer<never> {
  const code = codeOf(err);
  const remedy = remedyOf(code);
  return failed(request, 'unreachable', `cannot be reached${code === undefined ? '' : ` (${code})`}: ${remedy}`);
}

function remedyOf(code: string | undefined): string {
  if (code === forbiddenAddressCode) {
    return 'its name leads to loopback, link-local or a metadata service; if that is meant, allow it with --allow-targets (TAILWAY_ALLOW_TARGETS)';
  }
  return code?.includes('CERT') ? 'give its CA by NODE_EXTRA_CA_CERTS' : 'check the API address and the network';
}

function codeOf(err: unknown): string | undefined {
  for (let cause = err; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && /^[A-Z0-9_]{1,64}$/.test(cause.code)) return cause.code;
  }
  return undefined;
}

function failed(
  { url, form, remedies }: JsonRequest,
  reason: SourceFailure['reason'],
  what: string,
  more: Pick<RequestFailure, 'retryAfterMs'> = {},
): Answer<never> {
  const remedy = remedies[reason] === undefined ? '' : `: ${remedies[reason]}`;
  const detail = `${form === undefined ? 'GET' : 'POST'} ${url.origin}${url.pathname} ${what}${remedy}`;
  return { ok: false, failure: { reason, detail, ...more } };
}
