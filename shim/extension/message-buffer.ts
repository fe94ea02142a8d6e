/** Why incoming bytes are not one message for us. */
export type MessageProblem =
  | { readonly kind: 'too large'; readonly bytes: number }
  | { readonly kind: 'compressed' | 'truncated' | 'none' | 'several' };

/** Gathers the one message of a unary call. */
export interface MessageBuffer {
  /** After a problem the buffer must not be used again. */
  push(chunk: Buffer): MessageProblem | undefined;
  /** Called at the end of the bytes: the message, in memory of its own. */
  end(): Buffer | MessageProblem;
  /** How many bytes of the message have come. */
  readonly received: number;
}

const headerBytes = 5;

/** A message that has grown to its n-th part may have all of its memory: what a client claims costs it that much. */
const growth = 8;
const initialBytes = 64 * 1024;

/**
 * A buffer for a message of up to `limit` bytes. It lies in one piece of memory, which grows in a few steps, so that a
 * large message is neither copied at each of its frames nor there twice.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function createMessageBuffer(limit: number): MessageBuffer {
  const header = Buffer.alloc(headerBytes);
  let headerReceived = 0;
  let length = 0;
  let received = 0;
  let message = Buffer.alloc(0);

  function readHeader(chunk: Buffer): MessageProblem | undefined {
    headerReceived += chunk.copy(header, headerReceived);
    if (headerReceived < headerBytes) return undefined;
    if (header[0] !== 0) return { kind: 'compressed' };
    length = header.readUInt32BE(1);
    return length > limit ? { kind: 'too large', bytes: length } : undefined;
  }

  function reserve(needed: number): void {
    if (needed <= message.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(length, Math.max(initialBytes, growth * needed)));
    message.copy(grown, 0, 0, received);
    message = grown;
  }

  return {
    push(chunk) {
      let rest = chunk;
      if (headerReceived < headerBytes) {
        const missing = headerBytes - headerReceived;
        const problem = readHeader(chunk.subarray(0, missing));
        if (problem !== undefined) return problem;
        rest = chunk.subarray(missing);
      }
      if (rest.length === 0) return undefined;
      if (received + rest.length > length) return { kind: 'several' };
      reserve(received + rest.length);
      received += rest.copy(message, received);
      return undefined;
    },
    end() {
      if (headerReceived === 0) return { kind: 'none' };
      return headerReceived < headerBytes || received < length ? { kind: 'truncated' } : message.subarray(0, length);
    },
    get received() {
      return received;
    },
  };
}
