import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';

import { createFrameDecoder } from './frame.ts';
import type { FrameProblem } from './frame.ts';

/** The status codes that are used here. https://grpc.io/docs/guides/status-codes/ */
export const grpcCodes = {
  ok: 0,
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

/** How a call ends. */
export interface GrpcStatus {
  readonly code: (typeof grpcCodes)[keyof typeof grpcCodes];
  readonly message: string;
}

/** One call, as its handler sees it. After the end of the call, writing and ending do nothing. */
export interface GrpcStream {
  /** Whether all that was written has left for the connection: the client keeps up. */
  readonly idle: boolean;
  /** Address and port of the client. */
  readonly peer: string;
  /** Sends a framed message. */
  write(frame: Buffer): void;
  /** Ends the call with trailers. */
  end(status: GrpcStatus): void;
}

/** What a call's handler is told. Nothing comes after `closed`. */
export interface GrpcStreamHandler {
  /** A message came; it is a view that is valid during the call only. */
  message(message: Buffer): void;
  /** All messages that came together were handed over. */
  received?(): void;
  /** The client sends no more. */
  halfClosed(): void;
  /** All that was written has left. */
  drained?(): void;
  /** The call is over, whoever ended it. */
  closed?(): void;
}

/** Handles one kind of call. */
export type GrpcMethod = (stream: GrpcStream) => GrpcStreamHandler;

const responseHeaders = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity',
} satisfies OutgoingHttpHeaders;

const frameStatuses: Readonly<Record<FrameProblem, GrpcStatus>> = {
  'too large': { code: grpcCodes.resourceExhausted, message: 'message is larger than 4 MiB' },
  compressed: { code: grpcCodes.unimplemented, message: 'compressed messages are not supported, use identity' },
  truncated: { code: grpcCodes.invalidArgument, message: 'stream ended within a message' },
};

/**
 * Serves a call straight on an HTTP/2 stream. `onError` is told of what a handler throws; the call then ends as INTERNAL.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function serveGrpcStream(stream: ServerHttp2Stream, method: GrpcMethod, onError: (err: unknown) => void): void {
  const decoder = createFrameDecoder();
  let trailers: OutgoingHttpHeaders | undefined;

  const grpc: GrpcStream = {
    get idle() {
      return stream.writableLength === 0;
    },
    get peer() {
      const socket = stream.session?.socket;
      return socket === undefined ? '' : `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`;
    },
    write(frame) {
      if (trailers !== undefined || stream.destroyed) return;
      // Headers go with the first message, in one packet.
      if (!stream.headersSent) stream.respond(responseHeaders, { waitForTrailers: true });
      stream.write(frame, onWritten);
    },
    end(status) {
      if (trailers !== undefined || stream.destroyed) return;
      trailers = statusHeaders(status);
      if (stream.headersSent) stream.end();
      else {
        stream.respond({ ...responseHeaders, ...trailers }, { endStream: true });
        closeSoon(stream);
      }
    },
  };
  const handler = method(grpc);

  function onWritten(): void {
    if (stream.writableLength === 0 && trailers === undefined && !stream.destroyed) {
      guarded(() => handler.drained?.());
    }
  }

  function onMessage(message: Buffer): void {
    if (trailers === undefined) handler.message(message);
  }

  // An exception inside of an event handler of a stream would end the process.
  function guarded(action: () => void): void {
    try {
      action();
    } catch (err) {
      onError(err);
      grpc.end({ code: grpcCodes.internal, message: 'internal error' });
    }
  }

  stream.on('data', (chunk: Buffer) => {
    if (trailers !== undefined) return;
    guarded(() => {
      const problem = decoder.push(chunk, onMessage);
      if (problem !== undefined) grpc.end(frameStatuses[problem]);
      else if (trailers === undefined) handler.received?.();
    });
  });
  stream.on('end', () => {
    guarded(() => {
      const problem = decoder.end();
      if (problem !== undefined) grpc.end(frameStatuses[problem]);
      else handler.halfClosed();
    });
  });
  stream.on('wantTrailers', () => {
    if (trailers !== undefined) stream.sendTrailers(trailers);
    closeSoon(stream);
  });
  stream.on('close', () => guarded(() => handler.closed?.()));
  // What went wrong is told by `close`, which follows.
  stream.on('error', ignore);
}

/** Refuses a call that no method serves. */
export function refuseGrpcStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  stream.on('error', ignore);
  const contentType = headers['content-type'] ?? '';
  const isGrpc = headers[':method'] === 'POST' && contentType.startsWith('application/grpc');
  const status = { code: grpcCodes.unimplemented, message: `unknown method ${headers[':path']}` };
  const answer = isGrpc ? { ...responseHeaders, ...statusHeaders(status) } : { ':status': 415 };
  stream.respond(answer, { endStream: true });
  closeSoon(stream);
}

function statusHeaders(status: GrpcStatus): OutgoingHttpHeaders {
  const headers = { 'grpc-status': String(status.code) };
  return status.message === '' ? headers : { ...headers, 'grpc-message': encodeURIComponent(status.message) };
}

/** Lets go of a stream whose client might never close its side. */
function closeSoon(stream: ServerHttp2Stream): void {
  setImmediate(() => {
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

function ignore(): void {}
