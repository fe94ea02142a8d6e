import { type ServerResponse } from 'node:http';
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { pipeline } from 'node:stream';
import { Http2SessionManager } from '@connectrpc/connect-node';
import { sendRefusal } from '../../serving/answer/node.ts';
import { maxRequestMs } from '../../serving/limits.ts';
import { type HttpRequest, type HttpResponse } from '../../serving/listen/node.ts';
import { callerSecretHeaders } from '../caller-secret.ts';

/** Passes calls to one origin. */
export interface Proxy {
  /** Passes a call on as it is, bodies as streams, with trailers; answers it with a refusal when that fails. */
  pass(request: HttpRequest, response: HttpResponse): Promise<void>;
  /** Ends the connection to the origin, and the calls on it. */
  close(): void;
}

/** Headers of one connection rather than of the call: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

const withheld: ReadonlySet<string> = new Set([...connectionHeaders, ...callerSecretHeaders]);

/**
 * Creates the way to functions at one origin, over one HTTP/2 connection that is opened when it is needed.
 *
 * @param token the bearer token that the functions ask for; absent: none
 * @param timeoutMs how long an answer may take to begin
 */
export function createProxy({
  origin,
  token,
  timeoutMs = maxRequestMs,
}: {
  readonly origin: string;
  readonly token?: string | undefined;
  readonly timeoutMs?: number | undefined;
}): Proxy {
  const connection = new Http2SessionManager(origin, { pingIntervalMs: 30_000, pingTimeoutMs: 5000 });
  const extra = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    async pass(request, response) {
      // Fires when nobody waits for the answer any more.
      const over = new AbortController();
      const timer = setTimeout(() => {
        sendRefusal(response, { code: 'deadline_exceeded', message: `no answer has begun within ${timeoutMs} ms` });
        over.abort();
        // What is still being made may never be, and the next calls would wait for it too.
        if (connection.state() === 'connecting') connection.abort();
      }, timeoutMs);
      response.once('close', () => {
        clearTimeout(timer);
        over.abort();
      });
      let upstream: ClientHttp2Stream;
      try {
        const named = (request.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
        const forwarded = forwardHeaders(request.headers, new Set([...withheld, ...named]));
        const headers = { ...forwarded, te: 'trailers', ...extra };
        upstream = await connection.request(request.method ?? 'GET', request.url ?? '/', headers, {});
      } catch {
        clearTimeout(timer);
        abandon(response);
        return;
      }
      joinStreams(request, response, upstream, { timer, over: over.signal });
    },
    close: () => connection.abort(),
  };
}

function joinStreams(
  request: HttpRequest,
  response: HttpResponse,
  upstream: ClientHttp2Stream,
  { timer, over }: { readonly timer: NodeJS.Timeout; readonly over: AbortSignal },
): void {
  upstream.once('response', (headers, flags) => {
    clearTimeout(timer);
    if (over.aborted || isGone(response)) return;
    const status = headers[':status'] ?? 502;
    const forwarded = forwardHeaders(headers, connectionHeaders);
    if ('stream' in response && (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      // The end stands with the headers: how gRPC tells an error without a message.
      upstream.resume();
      response.stream.respond({ ...forwarded, ':status': status }, { endStream: true });
      return;
    }
    response.statusCode = status;
    Object.entries(forwarded).forEach(([name, value = '']) => response.setHeader(name, value));
    // Without it an empty body would take the end of the stream, and with it the trailers' place.
    (response as ServerResponse).flushHeaders();
    upstream.once('trailers', (trailers) => response.addTrailers(forwardHeaders(trailers, connectionHeaders)));
    upstream.pipe(response, { end: false });
    // A stream that is reset ends as well, but not well.
    upstream.once('end', () => (upstream.rstCode === constants.NGHTTP2_NO_ERROR ? response.end() : abandon(response)));
  });
  upstream.once('error', () => {
    clearTimeout(timer);
    abandon(response);
  });
  upstream.once('close', () => {
    clearTimeout(timer);
    if (!upstream.readableEnded) abandon(response);
  });
  if (over.aborted) {
    upstream.close(constants.NGHTTP2_CANCEL);
    return;
  }
  over.addEventListener('abort', () => {
    if (!upstream.readableEnded) upstream.close(constants.NGHTTP2_CANCEL);
  });
  // A caller that goes away while it sends takes its call along.
  pipeline(request, upstream, (err) => {
    if (err && !upstream.closed && !response.headersSent) upstream.close(constants.NGHTTP2_CANCEL);
  });
}

/** Whether a caller of HTTP/2 has ended its stream, of which its response may not have heard yet. */
function isGone(response: HttpResponse): boolean {
  return 'stream' in response && response.stream.destroyed;
}

/** Ends a response that can't be finished, so that nobody takes it for whole. */
function abandon(response: HttpResponse): void {
  if (!response.headersSent) {
    refuseUnreachable(response);
  } else if ('stream' in response) {
    // By itself a stream that is destroyed ends with NO_ERROR, as a whole answer does.
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else if (!response.writableEnded) {
    response.destroy();
  }
}

function refuseUnreachable(response: HttpResponse): void {
  sendRefusal(response, { code: 'unavailable', message: 'the function can not be reached, or has given no answer' });
}

function forwardHeaders(headers: IncomingHttpHeaders, without: ReadonlySet<string>): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) => value !== undefined && !name.startsWith(':') && !without.has(name),
    ),
  );
}
