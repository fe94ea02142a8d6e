import { Code, ConnectError } from '@connectrpc/connect';
import { type Compression } from '@connectrpc/connect/protocol';

/**
 * gzip by the streams of the web platform, for where there is no zlib.
 *
 * https://developer.mozilla.org/en-US/docs/Web/API/Compression_Streams_API
 */
export const gzip: Compression = {
  name: 'gzip',
  async compress(bytes) {
    return await readAll(pipe(bytes, new CompressionStream('gzip')), Infinity);
  },
  async decompress(bytes, readMaxBytes) {
    if (bytes.length === 0) {
      return new Uint8Array(0);
    }
    try {
      return await readAll(pipe(bytes, new DecompressionStream('gzip')), readMaxBytes);
    } catch (err) {
      if (err instanceof ConnectError) {
        throw err;
      }
      throw new ConnectError(
        'the message is not compressed with gzip',
        Code.InvalidArgument,
        undefined,
        undefined,
        err,
      );
    }
  },
};

function pipe(bytes: Uint8Array, transform: GenericTransformStream): ReadableStream<Uint8Array> {
  // Messages never lie in shared memory.
  return new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough<Uint8Array>(transform);
}

/** Reads no more than `maxBytes`: a few bytes can become very many. */
async function readAll(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw new ConnectError(`message is larger than ${maxBytes} bytes after decompression`, Code.ResourceExhausted);
    }
    chunks.push(next.value);
  }
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
