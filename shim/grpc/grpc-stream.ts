import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';

import { closeSoon } from './close-soon.ts';
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

// A list, which Node takes as it is and all streams share: of an object, and of one with a date, each would keep a copy.
const responseHeaders = [':status', '200', 'content-type', 'application/grpc'];

const responseOptions = { waitForTrailers: true, sendDate: false };

const refusalHeaders = {
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
  const call = new Call(stream, method, onError);
  (stream as CallStream)[callKey] = call;
  stream.on('data', onData);
  stream.on('end', onEnd);
  stream.on('close', onClose);
  // What went wrong is told by `close`, which follows.
  stream.on('error', ignore);
}

/** Refuses a call that no method serves. */
export function refuseGrpcStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  stream.on('error', ignore);
  const contentType = headers['content-type'] ?? '';
  const isGrpc = headers[':method'] === 'POST' && contentType.startsWith('application/grpc');
  const status = { code: grpcCodes.unimplemented, message: `unknown method ${headers[':path']}` };
  const answer = isGrpc ? { ...refusalHeaders, ...statusHeaders(status) } : { ':status': 415 };
  stream.respond(answer, { endStream: true });
  closeSoon(stream);
}

/**
 * One call. A class, and listeners that are no closures but find their call on the stream: what is allocated here is
 * allocated for each of very many streams.
 */
class Call implements GrpcStream {
  readonly handler: GrpcStreamHandler;
  readonly decoder = createFrameDecoder();
  trailers: OutgoingHttpHeaders | undefined;
  private readonly stream: ServerHttp2Stream;
  private readonly onError: (err: unknown) => void;
  private readonly onWritten: () => void;

  constructor(stream: ServerHttp2Stream, method: GrpcMethod, onError: (err: unknown) => void) {
    this.stream = stream;
    this.onError = onError;
    this.handler = method(this);
    this.onWritten = () => this.written();
  }

  get idle(): boolean {
    return this.stream.writableLength === 0;
  }

  get peer(): string {
    const socket = this.stream.session?.socket;
    return socket === undefined ? '' : `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`;
  }

  write(frame: Buffer): void {
    if (this.isOver()) return;
    // Headers go with the first message, in one packet.
    if (!this.stream.headersSent) this.stream.respond(responseHeaders, responseOptions);
    this.stream.write(frame, this.onWritten);
  }

  end(status: GrpcStatus): void {
    if (this.isOver()) return;
    this.trailers = statusHeaders(status);
    if (this.stream.headersSent) {
      this.stream.on('wantTrailers', onWantTrailers);
      this.stream.end();
    } else {
      this.stream.respond({ ...refusalHeaders, ...this.trailers }, { endStream: true });
      closeSoon(this.stream);
    }
  }

  message(bytes: Buffer): void {
    if (!this.isOver()) this.handler.message(bytes);
  }

  received(chunk: Buffer): void {
    if (this.isOver()) return;
    try {
      const problem = this.decoder.push(chunk, this);
      if (problem !== undefined) this.end(frameStatuses[problem]);
      else if (!this.isOver()) this.handler.received?.();
    } catch (err) {
      this.fail(err);
    }
  }

  halfClosed(): void {
    try {
      const problem = this.decoder.end();
      if (problem !== undefined) this.end(frameStatuses[problem]);
      else this.handler.halfClosed();
    } catch (err) {
      this.fail(err);
    }
  }

  closed(): void {
    try {
      this.handler.closed?.();
    } catch (err) {
      this.fail(err);
    }
  }

  private written(): void {
    if (this.isOver() || !this.idle) return;
    try {
      this.handler.drained?.();
    } catch (err) {
      this.fail(err);
    }
  }

  /** An exception that leaves an event listener would end the process. */
  private fail(err: unknown): void {
    this.onError(err);
    this.end({ code: grpcCodes.internal, message: 'internal error' });
  }

  private isOver(): boolean {
    return this.trailers !== undefined || this.stream.destroyed;
  }
}

const callKey = Symbol('call');

interface CallStream extends ServerHttp2Stream {
  [callKey]?: Call;
}

function onData(this: CallStream, chunk: Buffer): void {
  this[callKey]?.received(chunk);
}

function onEnd(this: CallStream): void {
  this[callKey]?.halfClosed();
}

function onWantTrailers(this: CallStream): void {
  const trailers = this[callKey]?.trailers;
  if (trailers !== undefined) this.sendTrailers(trailers);
  closeSoon(this);
}

function onClose(this: CallStream): void {
  this[callKey]?.closed();
}

function statusHeaders(status: GrpcStatus): OutgoingHttpHeaders {
  const headers = { 'grpc-status': String(status.code) };
  return status.message === '' ? headers : { ...headers, 'grpc-message': encodeURIComponent(status.message) };
}

function ignore(): void {}
