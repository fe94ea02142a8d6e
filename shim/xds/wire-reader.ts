/** Reads the fields of one protobuf message in the order in which they stand. All methods throw a RangeError for bytes that are no message. */
export interface WireReader {
  /** Goes to the next field; false at the end. */
  next(): boolean;
  /** The number of the current field. */
  readonly field: number;
  /** Where the current field starts, with its tag, and, once it is read, where it ends. */
  readonly start: number;
  readonly end: number;
  /** The content of a length-delimited field: a view, not a copy. */
  bytes(): Buffer;
  text(): string;
  skip(): void;
}

/**
 * A reader of `message`. The runtime of the generated types would do the same, but builds a message with all of its
 * fields, of which a discovery server needs very few, for every one of very many requests.
 *
 * https://protobuf.dev/programming-guides/encoding/
 */
export function createWireReader(message: Buffer): WireReader {
  let position = 0;
  let wireType = 0;

  function varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[position++];
      if (byte === undefined) throw new RangeError('message ends within a number');
      // Bits beyond the 53rd are those of skipped 64-bit values: tags and lengths have 32.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('number of more than ten bytes');
  }

  function advance(length: number): number {
    const from = position;
    if (length > message.length - from) throw new RangeError('message ends within a field');
    position = from + length;
    return from;
  }

  function delimited(): number {
    if (wireType !== 2) throw new RangeError(`field ${reader.field} has wire type ${wireType}`);
    return advance(varint());
  }

  const reader = {
    field: 0,
    start: 0,
    get end() {
      return position;
    },
    next() {
      if (position >= message.length) return false;
      reader.start = position;
      const tag = varint();
      reader.field = Math.floor(tag / 8);
      wireType = tag % 8;
      if (reader.field === 0 || tag > 0xffff_ffff) throw new RangeError('field with an impossible number');
      return true;
    },
    bytes() {
      const from = delimited();
      return message.subarray(from, position);
    },
    text() {
      const from = delimited();
      return message.toString('utf8', from, position);
    },
    skip() {
      if (wireType === 0) varint();
      else if (wireType === 1) advance(8);
      else if (wireType === 2) delimited();
      else if (wireType === 5) advance(4);
      else throw new RangeError(`field ${reader.field} has wire type ${wireType}`);
    },
  };
  return reader;
}
