/** Bytes beyond this are decoded each time. */
const maxKeyBytes = 1024;

/** `decode`, called once for equal bytes; of up to `limit` different ones the answers are remembered. Nobody may change them. */
export function memoize<T>(decode: (bytes: Buffer) => T, limit: number): (bytes: Buffer) => T {
  const known = new Map<string, T>();
  return (bytes) => {
    if (bytes.length > maxKeyBytes) return decode(bytes);
    const key = bytes.toString('latin1');
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    // From a copy: what is remembered must not keep the message that it stood in.
    const decoded = decode(Buffer.from(bytes));
    if (known.size >= limit) known.clear();
    known.set(key, decoded);
    return decoded;
  };
}
