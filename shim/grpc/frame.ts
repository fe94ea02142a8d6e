/** The most bytes that one incoming message may have: what gRPC servers take by default. */
const maxMessageBytes = 4 * 1024 * 1024;

const headerBytes = 5;

/** Why incoming bytes are no messages for us. */
export type FrameProblem = 'too large' | 'compressed' | 'truncated';

/** Cuts a stream of bytes into gRPC messages. */
export interface FrameDecoder {
  /**
   * Hands each message that `chunk` completes to `sink`, as a view that is valid during the call only. After a problem the
   * decoder must not be used again.
   */
  push(chunk: Buffer, sink: { message(bytes: Buffer): void }): FrameProblem | undefined;
  /** Called at the end of the bytes. */
  end(): FrameProblem | undefined;
}

/**
 * A decoder of length-prefixed messages. It keeps no bytes but those of a message that is not complete yet.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function createFrameDecoder(limit: number = maxMessageBytes): FrameDecoder {
  return new IncrementalDecoder(limit);
}

/** A class, so that a decoder, of which there is one for every stream, is a single small object. */
class IncrementalDecoder implements FrameDecoder {
  private readonly limit: number;
  /** What has come of an incomplete message. Grows by doubling: bytes that come one by one cost no more than others. */
  private pending: Buffer | undefined;
  private buffered = 0;
  private wanted = headerBytes;

  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: Buffer, sink: { message(bytes: Buffer): void }): FrameProblem | undefined {
    if (this.buffered + chunk.length < this.wanted) {
      this.keep(chunk);
      return undefined;
    }
    const bytes = this.take(chunk);
    let start = 0;
    while (bytes.length - start >= headerBytes) {
      if (bytes[start] !== 0) return 'compressed';
      const length = bytes.readUInt32BE(start + 1);
      if (length > this.limit) return 'too large';
      this.wanted = headerBytes + length;
      if (bytes.length - start < this.wanted) break;
      sink.message(bytes.subarray(start + headerBytes, start + this.wanted));
      start += this.wanted;
      this.wanted = headerBytes;
    }
    if (start < bytes.length) this.keep(bytes.subarray(start));
    return undefined;
  }

  end(): FrameProblem | undefined {
    return this.buffered > 0 ? 'truncated' : undefined;
  }

  private keep(chunk: Buffer): void {
    const length = this.buffered + chunk.length;
    if (this.pending === undefined || length > this.pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.buffered));
      this.pending?.copy(grown, 0, 0, this.buffered);
      this.pending = grown;
    }
    chunk.copy(this.pending, this.buffered);
    this.buffered = length;
  }

  /** All that has come, `chunk` last. */
  private take(chunk: Buffer): Buffer {
    if (this.pending === undefined) return chunk;
    this.keep(chunk);
    const joined = this.pending.subarray(0, this.buffered);
    this.pending = undefined;
    this.buffered = 0;
    return joined;
  }
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
