import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** How a call ended: a gRPC status, or 14 (UNAVAILABLE) where the transport broke first. */
export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
}

/** One bidirectional gRPC call on raw HTTP/2, so that the suite sees what is on the wire and nothing else. */
export interface GrpcStream<Req extends DescMessage, Res extends DescMessage> {
  send(message: MessageInitShape<Req>): void;
  /** The first response not taken yet that `accepts` lets through. Fails when none comes within the deadline, or the call ends. */
  next(accepts?: (response: MessageShape<Res>) => boolean): Promise<MessageShape<Res>>;
  /** Takes all responses that come until the server has been silent for `silenceMs`. */
  drain(): Promise<MessageShape<Res>[]>;
  /** As `drain`, and answers each response, until no answer brings another one. */
  settle(answer: (response: MessageShape<Res>) => void): Promise<void>;
  /** Resolves when the call ends. */
  readonly ended: Promise<GrpcStatus>;
  /** Ends the client's side of the call. */
  close(): void;
  /** Breaks the call off. */
  cancel(): void;
}

/** How long the suite waits for a response that must come, and for one that must not, in milliseconds. */
const deadlineMs = Number(process.env['XDS_DEADLINE_MS'] ?? 30_000);
/** See {@link deadlineMs}. A slow server, or one far away, needs more. */
const silenceMs = Number(process.env['XDS_SILENCE_MS'] ?? (process.env['XDS_TARGET'] ? 150 : 75));

/**
 * A process that was kept from running gets round to its timers before its sockets, and a server in it needs a few turns more to
 * answer: what comes in them counts as having come in time.
 */
async function turnEventLoop(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await setImmediate();
}

/** After so many responses to acknowledgements, a server is taken for one that never stops. */
const settleRounds = 20;

/** Starts a call of the method at `path` (`/package.Service/Method`). */
export function openGrpcStream<Req extends DescMessage, Res extends DescMessage>(
  session: ClientHttp2Session,
  path: string,
  request: Req,
  response: Res,
): GrpcStream<Req, Res> {
  const call = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const received: MessageShape<Res>[] = [];
  const status = Promise.withResolvers<GrpcStatus>();
  let ended: GrpcStatus | undefined;
  let wake = Promise.withResolvers<void>();
  // Counts what came, also parts of messages.
  let changes = 0;
  let pending: Buffer = Buffer.alloc(0);

  const changed = () => {
    changes++;
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  const end = (result: GrpcStatus) => {
    if (ended) return;
    ended = result;
    status.resolve(result);
    changed();
  };
  const statusOf = (headers: IncomingHttpHeaders) => ({
    code: Number(headers['grpc-status'] ?? 14),
    message: headers['grpc-message']?.toString() ?? '',
  });

  call.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
      const size = 5 + pending.readUInt32BE(1);
      received.push(fromBinary(response, pending.subarray(5, size)));
      pending = pending.subarray(size);
    }
    changed();
  });
  call.on('response', (headers) => {
    if (headers['grpc-status'] !== undefined) end(statusOf(headers));
  });
  call.on('trailers', (headers) => end(statusOf(headers)));
  call.on('error', (err) => end({ code: 14, message: err.message }));
  call.on('close', () => end({ code: 14, message: 'closed without a status' }));

  const activity = async (ms: number) => {
    const timer = new AbortController();
    const timeout = setTimeout(ms, undefined, { signal: timer.signal })
      .then(turnEventLoop)
      .catch(() => {});
    await Promise.race([wake.promise, timeout]);
    timer.abort();
  };
  const drain = async () => {
    for (let before = -1; before !== changes && !ended;) {
      before = changes;
      await activity(silenceMs);
    }
    return received.splice(0);
  };

  return {
    send(message) {
      const body = toBinary(request, create(request, message));
      const framed = Buffer.alloc(5 + body.length);
      framed.writeUInt32BE(body.length, 1);
      framed.set(body, 5);
      call.write(framed);
    },
    async next(accepts = () => true) {
      for (const until = performance.now() + deadlineMs; ;) {
        const index = received.findIndex(accepts);
        const [found] = index < 0 ? [] : received.splice(index, 1);
        if (found) return found;
        if (ended) throw new Error(`the server ended the stream with status ${ended.code}: ${ended.message}`);
        const left = until - performance.now();
        if (left <= 0) throw new Error(`no response within ${deadlineMs} ms (${received.length} others came)`);
        await activity(left);
      }
    },
    drain,
    async settle(answer) {
      for (let round = 0; round < settleRounds; round++) {
        const responses = await drain();
        if (responses.length === 0) return;
        responses.forEach(answer);
      }
      throw new Error('the server answers every acknowledgement with another response');
    },
    ended: status.promise,
    close: () => call.end(),
    cancel: () => call.close(),
  };
}
