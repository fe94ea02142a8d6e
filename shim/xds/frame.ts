/** The most bytes that one incoming message may have: what gRPC servers take by default. */
export const maxMessageBytes = 4 * 1024 * 1024;

const headerBytes = 5;

/** Why incoming bytes are no messages for us. */
export type FrameProblem = 'too large' | 'compressed' | 'truncated';

/** Cuts a stream of bytes into gRPC messages. */
export interface FrameDecoder {
  /**
   * Calls `onMessage` with each message that `chunk` completes. A message is a view that is valid during the call only.
   * After a problem the decoder must not be used again.
   */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): FrameProblem | undefined;
  /** Called at the end of the bytes. */
  end(): FrameProblem | undefined;
}

/**
 * A decoder of length-prefixed messages. It keeps no bytes but those of a message that is not complete yet.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function createFrameDecoder(limit: number = maxMessageBytes): FrameDecoder {
  // What has come of an incomplete message; grows by doubling, so that bytes that come one by one cost no more than others.
  let pending: Buffer | undefined;
  let buffered = 0;
  let wanted = headerBytes;

  function keep(chunk: Buffer): void {
    const length = buffered + chunk.length;
    if (pending === undefined || length > pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * buffered));
      if (pending !== undefined) pending.copy(grown, 0, 0, buffered);
      pending = grown;
    }
    chunk.copy(pending, buffered);
    buffered = length;
  }

  function take(chunk: Buffer): Buffer {
    if (pending === undefined) return chunk;
    keep(chunk);
    const joined = pending.subarray(0, buffered);
    pending = undefined;
    buffered = 0;
    return joined;
  }

  return {
    push(chunk, onMessage) {
      if (buffered + chunk.length < wanted) {
        keep(chunk);
        return undefined;
      }
      let bytes = take(chunk);
      while (bytes.length >= headerBytes) {
        if (bytes[0] !== 0) return 'compressed';
        const length = bytes.readUInt32BE(1);
        if (length > limit) return 'too large';
        wanted = headerBytes + length;
        if (bytes.length < wanted) break;
        onMessage(bytes.subarray(headerBytes, wanted));
        bytes = bytes.subarray(wanted);
        wanted = headerBytes;
      }
      if (bytes.length > 0) keep(bytes);
      return undefined;
    },
    end: () => (buffered > 0 ? 'truncated' : undefined),
  };
}

/** An outgoing message as one frame, uncompressed. */
export function encodeFrame(parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  // Outside of Node's pool: a frame may live long, and must not keep its neighbours.
  const frame = Buffer.allocUnsafeSlow(headerBytes + length);
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
  let position = headerBytes;
  for (const part of parts) {
    frame.set(part, position);
    position += part.length;
  }
  return frame;
}
