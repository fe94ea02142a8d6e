import { type ConnectRouter, createConnectRouter } from '@connectrpc/connect';
import { createFetchHandler as createRpcHandler } from '@connectrpc/connect/protocol';
import { createFailureInterceptor, type FailureListener } from './failure-interceptor.ts';
import { gzip } from './gzip.ts';
import { maxRequestBytes } from './limits.ts';
import { logFailure } from './log-failure.ts';
import { guardRequests } from './request-guard.ts';
import { refuseOtherSchemas, schemaVersion, schemaVersionHeader } from './schema-version.ts';

/**
 * Serves functions where there is `fetch` but no HTTP/2: Connect (JSON, binary, GET) and gRPC-Web.
 * gRPC itself needs trailers, which Workers do not have.
 *
 * @param onFailure default: the Worker's log
 */
export function createFetchHandler(
  routes: (router: ConnectRouter) => void,
  onFailure: FailureListener = logFailure,
): (request: Request) => Promise<Response> {
  const acceptCompression = [gzip];
  const router = createConnectRouter({
    grpc: false,
    readMaxBytes: maxRequestBytes,
    interceptors: [refuseOtherSchemas, createFailureInterceptor(onFailure)],
    acceptCompression,
    // Only requests are compressed: Cloudflare compresses responses itself, and again what is compressed already.
    compressMinBytes: Number.MAX_SAFE_INTEGER,
  });
  routes(router);
  const handlers = new Map(
    router.handlers.map((handler) => [
      handler.requestPath,
      createRpcHandler(guardRequests(handler, acceptCompression)),
    ]),
  );
  return async (request) => {
    const handler = handlers.get(new URL(request.url).pathname);
    const response =
      handler === undefined ? new Response('no such function\n', { status: 404 }) : await handler(request);
    response.headers.set(schemaVersionHeader, String(schemaVersion));
    return response;
  };
}
