import {
  Agent as HttpAgent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { parseRetryAfter } from '../timing/retry-after.ts';
import { KubeError } from './kube-error.ts';
import { type WatchEvent, readWatchEvents } from './watch-events.ts';

/** How to reach an API server. */
export interface KubeCredentials {
  readonly server: URL;
  /** TLS material and headers of one request; asked each time, since tokens and certificates rotate. */
  options(): Promise<RequestOptions>;
}

/** A request to the API server. */
export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; default: `application/json`. A PATCH says by it what kind of patch it is. */
  readonly contentType?: string;
  /** The deadline of the whole answer; default: 30 s. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** The API server as the parts of this folder need it. Whatever fails is a {@link KubeError}. */
export interface KubeClient {
  /** For the log: where the API server is. */
  readonly server: string;
  /** The answer's JSON; rejects for every status but 2xx. */
  request(request: KubeRequest): Promise<unknown>;
  /** The events of a watch as they come, those that came together in one array, until the server ends it. */
  watch(request: KubeRequest): AsyncGenerator<readonly WatchEvent[], void, undefined>;
  /** Closes idle connections. */
  close(): void;
}

const defaultTimeoutMs = 30_000;

/** What is read of a refusal. */
const maxRefusalBytes = 64 * 1024;

/** A client that keeps its connections and bounds each request in time. */
export function createKubeClient({ server, options }: KubeCredentials): KubeClient {
  const agents = {
    'http:': new HttpAgent({ keepAlive: true, keepAliveMsecs: 15_000 }),
    'https:': new HttpsAgent({ keepAlive: true, keepAliveMsecs: 15_000 }),
  };

  async function send(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { method = 'GET', path, query = {}, body, contentType = 'application/json' } = request;
    const url = new URL(server.pathname.replace(/\/$/, '') + path, server);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const { headers, ...connection } = await logIn(request, options, signal);
    const secure = url.protocol === 'https:';
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = (secure ? httpsRequest : httpRequest)(
        url,
        {
          agent: agents[secure ? 'https:' : 'http:'],
          ...connection,
          method,
          signal,
          headers: {
            accept: 'application/json',
            'user-agent': 'tailway',
            ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': payload.length }),
            // KubeConfig gives an object, never a list of pairs.
            ...(headers as OutgoingHttpHeaders),
          },
        },
        resolve,
      );
      outgoing.once('error', reject);
      outgoing.end(payload);
    });
    const { statusCode: status = 0 } = response;
    if (status >= 200 && status < 300) return response;
    throw await readRefusal(request, response);
  }

  return {
    server: server.origin,
    async request(request) {
      const { signal, explain } = bound(request);
      try {
        const text = await readText(await send(request, signal));
        return text === '' ? undefined : JSON.parse(text);
      } catch (cause) {
        throw explain(cause);
      }
    },
    async *watch(request) {
      const { signal, explain } = bound(request);
      try {
        yield* readWatchEvents(await send(request, signal));
      } catch (cause) {
        throw explain(cause);
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** A kubeconfig may name a command that logs in: it may hang, fail, or not be there. */
function logIn(
  request: KubeRequest,
  options: KubeCredentials['options'],
  signal: AbortSignal,
): Promise<RequestOptions> {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      reject(new KubeError(`${describe(request)} waited for a login in vain`, { cause: signal.reason }));
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    options()
      .then(resolve, (cause: unknown) => {
        reject(new KubeError(`${describe(request)} failed: no login by the kubeconfig (${codeOf(cause)})`, { cause }));
      })
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** The request's signal with its deadline, and what a failure under it means. */
function bound(request: KubeRequest): { signal: AbortSignal; explain: (cause: unknown) => KubeError } {
  const { timeoutMs = defaultTimeoutMs } = request;
  const deadline = AbortSignal.timeout(timeoutMs);
  return {
    signal: AbortSignal.any([request.signal, deadline]),
    explain(cause) {
      if (cause instanceof KubeError) return cause;
      const late = deadline.aborted && !request.signal.aborted;
      const why = late ? `gave no whole answer within ${timeoutMs / 1000} s` : `failed (${codeOf(cause)})`;
      return new KubeError(`${describe(request)} ${why}`, { cause });
    },
  };
}

async function readText(response: IncomingMessage, maxBytes = Infinity): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    // Without an encoding, a response gives buffers.
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > maxBytes) break;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
async function readRefusal(request: KubeRequest, response: IncomingMessage): Promise<KubeError> {
  const { statusCode: status = 0, headers } = response;
  const { reason, message } = parseStatus(await readText(response, maxRefusalBytes).catch(() => ''));
  const told = message === '' ? '' : `: ${message}`;
  return new KubeError(`${describe(request)} answered ${status}${told}`, {
    status,
    reason,
    retryAfterMs: parseRetryAfter(headers['retry-after'] ?? null, Date.now()),
  });
}

function parseStatus(text: string): { reason: string; message: string } {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status !== 'object' || status === null) return { reason: '', message: '' };
    const { reason, message } = status as { reason?: unknown; message?: unknown };
    return { reason: typeof reason === 'string' ? reason : '', message: typeof message === 'string' ? message : '' };
  } catch {
    // Proxies answer with pages of their own.
    return { reason: '', message: '' };
  }
}

function describe({ method = 'GET', path }: KubeRequest): string {
  return `${method} ${path}`;
}

function codeOf(err: unknown): string {
  for (let cause = err; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && cause.code !== '') return cause.code;
  }
  return err instanceof Error ? err.name : 'unknown';
}
