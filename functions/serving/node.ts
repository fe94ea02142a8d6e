import { type Registry } from '@bufbuild/protobuf';
import { type ConnectRouter, type Interceptor } from '@connectrpc/connect';
import { compressionBrotli, compressionGzip, connectNodeAdapter } from '@connectrpc/connect-node';
import { sendHealthy, sendRefusal } from './answer/node.ts';
import { createBearerCheck } from './bearer-token.ts';
import { type CertificateFiles } from './certificates/node.ts';
import { createFailureInterceptor, type FailureListener } from './failure-interceptor.ts';
import { healthCheckPath, registerHealth } from './health.ts';
import { maxRequestBytes, maxRequestMs } from './limits.ts';
import { type HttpListener, type HttpRequest, type HttpResponse, listenHttp } from './listen/node.ts';
import { currentReflectionPath, registerReflection } from './reflection.ts';
import { guardRequests } from './request-guard.ts';
import { type Refusal } from './refusal.ts';
import { refuseOtherSchemas, schemaVersion, schemaVersionHeader } from './schema-version.ts';

/** How functions are served. */
export interface ServeOptions {
  /** Registers the functions. */
  readonly routes: (router: ConnectRouter) => void;
  /** The types that stand in an `Any` of a response, for reflection; default: none. */
  readonly anyTypes?: Registry | undefined;
  readonly bindAddress: string;
  /** 0: any free port. */
  readonly port: number;
  /** Valid bearer tokens with commas between them; absent: everybody may call. */
  readonly tokens?: string | undefined;
  /** TLS, and the client certificates that it may ask for; absent: none. */
  readonly certificates?: CertificateFiles | undefined;
  /** Is told of calls that failed by a fault of ours. */
  readonly onFailure?: FailureListener | undefined;
  /** How long running calls have to end once the server closes, in milliseconds; default: 5 s. */
  readonly drainMs?: number | undefined;
}

/** Functions that are being served. */
export type FunctionServer = HttpListener;

/**
 * Serves functions on one port: gRPC, gRPC-Web and Connect, on HTTP/2 and on HTTP/1.1, with gRPC's health and
 * reflection. `GET /healthz` and gRPC's health check need no token and no certificate.
 *
 * @throws Error when the address can't be bound, a certificate is not usable, or tokens are given that hold none
 */
export async function serveFunctions(options: ServeOptions): Promise<FunctionServer> {
  const stopping = new AbortController();
  const { bindAddress, port, certificates, drainMs } = options;
  const handle = createRequestHandler(options, stopping.signal);
  const listener = await listenHttp({ handle, bindAddress, port, certificates, drainMs });
  return {
    url: listener.url,
    async close() {
      stopping.abort();
      await listener.close();
    },
  };
}

function createRequestHandler(
  { routes, anyTypes, tokens, certificates, onFailure }: ServeOptions,
  stopping: AbortSignal,
): (request: HttpRequest, response: HttpResponse) => void {
  const isAllowed = tokens === undefined ? () => true : createBearerCheck(tokens);
  const acceptCompression = [compressionGzip, compressionBrotli];
  const callFunction = connectNodeAdapter({
    routes(router) {
      routes(router);
      registerHealth(router, stopping);
      registerReflection(router, anyTypes);
      router.handlers.splice(
        0,
        Infinity,
        ...router.handlers.map((handler) => guardRequests(handler, acceptCompression)),
      );
    },
    interceptors: [
      refuseOtherSchemas,
      refuseLateCalls,
      ...(onFailure === undefined ? [] : [createFailureInterceptor(onFailure)]),
    ],
    acceptCompression,
    readMaxBytes: maxRequestBytes,
  });
  const findRefusal = (request: HttpRequest): Refusal | undefined => {
    if (request.url === healthCheckPath) {
      return undefined;
    }
    if (!isAllowed(request.headers.authorization)) {
      return { code: 'unauthenticated', message: 'a valid bearer token is needed' };
    }
    return certificates?.findRefusal(request.socket);
  };
  return (request, response) => {
    limitTime(request, response);
    if (request.url === '/healthz') {
      sendHealthy(response);
      return;
    }
    // Before anything of the request is read.
    const refusal = findRefusal(request);
    if (refusal !== undefined) {
      sendRefusal(response, refusal);
      return;
    }
    request.url = currentReflectionPath(request.url ?? '');
    response.setHeader(schemaVersionHeader, String(schemaVersion));
    callFunction(request, response);
  };
}

/** Ends a call whose request is still not here, and unanswered, when its time is over. A stream that talks goes on. */
function limitTime(request: HttpRequest, response: HttpResponse): void {
  const timer = setTimeout(() => {
    if (!response.headersSent) {
      request.destroy();
    }
  }, maxRequestMs);
  request.once('end', () => clearTimeout(timer));
  response.once('close', () => clearTimeout(timer));
}

/** A call that has waited beyond its caller's deadline is not computed: nobody would read the answer. */
const refuseLateCalls: Interceptor = (next) => async (request) => {
  request.signal.throwIfAborted();
  return await next(request);
};
