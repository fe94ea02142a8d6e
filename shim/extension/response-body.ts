/** Parts from this size on go out as they are; smaller ones are gathered into chunks of about this size. */
const chunkBytes = 256 * 1024;

/** A response message that need not lie in memory in one piece. */
export interface ResponseBody {
  readonly byteLength: number;
  /** Its bytes in order, made as they are asked for; can be asked for again. */
  parts(): Iterable<Uint8Array>;
}

/** A body of `parts`, one after another. */
export function partsToBody(parts: readonly Uint8Array[]): ResponseBody {
  let byteLength = 0;
  for (const part of parts) byteLength += part.length;
  return { byteLength, parts: () => parts };
}

/** Copies small parts together, so that a message of very many does not cost a write for each. */
export function* gather(parts: Iterable<Uint8Array>): Iterable<Uint8Array> {
  let chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let filled = 0;
  for (const part of parts) {
    if (filled > 0 && filled + part.length > chunkBytes) {
      yield chunk.subarray(0, filled);
      chunk = Buffer.allocUnsafeSlow(chunkBytes);
      filled = 0;
    }
    if (part.length >= chunkBytes) yield part;
    else {
      chunk.set(part, filled);
      filled += part.length;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
