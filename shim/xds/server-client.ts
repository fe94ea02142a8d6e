import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';

import { createFrameDecoder, encodeFrame } from '../grpc/frame.ts';

/** A call over real HTTP/2, as tests make it. */
export interface TestCall<Input extends DescMessage, Output extends DescMessage> {
  readonly stream: ClientHttp2Stream;
  send(message: MessageInitShape<Input>): void;
  /** The next response; rejects when the call ends without one. */
  next(): Promise<MessageShape<Output>>;
  /** How many responses wait to be taken by `next`. */
  readonly waiting: number;
  /** Ends the call; the status is that of `status`. */
  end(): void;
  /** Of the trailers, once the call is over; undefined: it was cut off. */
  readonly status: Promise<{ readonly code: number; readonly message: string } | undefined>;
}

/** Opens a call of `path`. */
export function openTestCall<Input extends DescMessage, Output extends DescMessage>(
  session: ClientHttp2Session,
  path: string,
  input: Input,
  output: Output,
): TestCall<Input, Output> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const decoder = createFrameDecoder(64 * 1024 * 1024);
  const responses: MessageShape<Output>[] = [];
  let headers: IncomingHttpHeaders = {};
  let closed = false;
  let wake = (): void => {};

  stream.on('error', () => {});
  stream.on('response', (received) => {
    headers = { ...headers, ...received };
  });
  stream.on('trailers', (received) => {
    headers = { ...headers, ...received };
  });
  stream.on('data', (chunk: Buffer) => {
    decoder.push(chunk, { message: (bytes) => void responses.push(fromBinary(output, bytes)) });
    wake();
  });
  const status = once(stream, 'close').then(() => {
    closed = true;
    wake();
    const code = headers['grpc-status'];
    const message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    return code === undefined ? undefined : { code: Number(code), message };
  });

  return {
    stream,
    status,
    send: (message) => void stream.write(encodeFrame([toBinary(input, create(input, message))])),
    async next() {
      for (;;) {
        const response = responses.shift();
        if (response !== undefined) return response;
        if (closed) throw new Error(`call ended with status ${String(headers['grpc-status'])}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    get waiting() {
      return responses.length;
    },
    end: () => void stream.end(),
  };
}

/** A connection to a server on loopback, once it is there. */
export async function openTestSession(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}
