import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';

import { closeSoon } from '../grpc/close-soon.ts';
import { encodeFrame } from '../grpc/frame.ts';
import { createMessageBuffer, type MessageProblem } from './message-buffer.ts';
import { gather, type ResponseBody } from './response-body.ts';

/** The status codes that end a hook's call. https://grpc.io/docs/guides/status-codes/ */
export const statusCodes = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

/** One of {@link statusCodes}. */
export type StatusCode = (typeof statusCodes)[keyof typeof statusCodes];

/** A call that waits for its answer. After the end of the call, answering and failing do nothing. */
export interface UnaryCall {
  readonly isOver: boolean;
  answer(body: ResponseBody): void;
  fail(code: StatusCode, message: string): void;
  /** Calls `listener` when the call ends, whoever ended it. */
  onClosed(listener: () => void): void;
}

/** What is done with the calls of one method. An exception must not leave these. */
export interface UnaryHandler {
  /** The request is there, whole. */
  request(message: Buffer, call: UnaryCall): void;
  /** What came was no request, and the client has been told. */
  rejected(reason: string, bytes: number): void;
}

const responseHeaders = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity',
} satisfies OutgoingHttpHeaders;

/** Answers up to this size go out as one write. */
const oneWriteBytes = 256 * 1024;

/**
 * Serves a unary call straight on an HTTP/2 stream, for messages far larger than what is sensible elsewhere.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function serveUnaryCall(stream: ServerHttp2Stream, maxMessageBytes: number, handler: UnaryHandler): void {
  const buffer = createMessageBuffer(maxMessageBytes);
  let trailers: OutgoingHttpHeaders | undefined;
  let answered = false;
  // What went wrong is told by `close`, which follows.
  stream.on('error', ignore);
  stream.on('wantTrailers', () => {
    if (trailers !== undefined) stream.sendTrailers(trailers);
    if (!stream.readableEnded) closeSoon(stream);
  });

  const call: UnaryCall = {
    get isOver() {
      return answered || stream.destroyed;
    },
    answer(body) {
      if (call.isOver) return;
      answered = true;
      trailers = { 'grpc-status': String(statusCodes.ok) };
      stream.respond(responseHeaders, { waitForTrailers: true });
      if (body.byteLength <= oneWriteBytes) stream.end(encodeFrame([...body.parts()]));
      else writeChunks(stream, body);
    },
    fail(code, message) {
      if (call.isOver) return;
      answered = true;
      const status = { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) };
      stream.respond({ ...responseHeaders, ...status }, { endStream: true });
      closeSoon(stream);
    },
    onClosed: (listener) => stream.once('close', listener),
  };

  function reject(problem: MessageProblem): void {
    if (call.isOver) return;
    const { code, message } = describeProblem(problem, maxMessageBytes);
    call.fail(code, message);
    handler.rejected(message, problem.kind === 'too large' ? problem.bytes : buffer.received);
  }

  stream.on('data', (chunk: Buffer) => {
    if (call.isOver) return;
    try {
      const problem = buffer.push(chunk);
      if (problem !== undefined) reject(problem);
    } catch {
      // There is no memory for so much.
      reject({ kind: 'too large', bytes: buffer.received });
    }
  });
  stream.on('end', () => {
    if (call.isOver) return;
    const message = buffer.end();
    if (Buffer.isBuffer(message)) handler.request(message, call);
    else reject(message);
  });
}

/** Whether a request is a gRPC call of protobuf messages. */
export function isGrpcRequest(headers: IncomingHttpHeaders): boolean {
  return headers[':method'] === 'POST' && /^application\/grpc(\+proto)?\s*(;|$)/.test(headers['content-type'] ?? '');
}

/** Makes a chunk when the one before has left, so that there are never many. */
function writeChunks(stream: ServerHttp2Stream, body: ResponseBody): void {
  const chunks = gather(body.parts())[Symbol.iterator]();
  const header = Buffer.alloc(5);
  header.writeUInt32BE(body.byteLength, 1);
  stream.write(header);
  const next = () => {
    while (!stream.destroyed) {
      const { done, value } = chunks.next();
      if (done === true) {
        stream.end();
        return;
      }
      if (!stream.write(value)) {
        stream.once('drain', next);
        return;
      }
    }
  };
  next();
}

function describeProblem(problem: MessageProblem, limit: number): { code: StatusCode; message: string } {
  switch (problem.kind) {
    case 'too large':
      return {
        code: statusCodes.resourceExhausted,
        message: `message of ${problem.bytes} bytes is larger than the limit of ${limit} (${limit / 2 ** 20} MiB)`,
      };
    case 'compressed':
      return { code: statusCodes.unimplemented, message: 'compressed messages are not supported, use identity' };
    case 'truncated':
      return { code: statusCodes.invalidArgument, message: 'call ended within its message' };
    case 'none':
      return { code: statusCodes.invalidArgument, message: 'call without a message' };
    case 'several':
      return { code: statusCodes.invalidArgument, message: 'call with more bytes than its one message has' };
    default:
      return problem satisfies never;
  }
}

function ignore(): void {}
