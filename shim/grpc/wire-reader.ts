/** Reads the fields of one protobuf message in the order in which they stand. All methods throw a RangeError for bytes that are no message. */
export interface WireReader {
  /** Goes to the next field; false at the end. */
  next(): boolean;
  /** The number of the current field. */
  readonly field: number;
  /** Where the current field starts, with its tag. */
  readonly start: number;
  /** Where the next byte is read from; once a field is read, its end. */
  readonly position: number;
  /** The content of a length-delimited field: a view, not a copy. */
  bytes(): Buffer;
  /** Reads the content of a length-delimited field that is a message itself. */
  nested(): WireReader;
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
  return new BufferReader(message, 0, message.length);
}

/** A class, so that a reader, which lives for one request, is a single small object. */
class BufferReader implements WireReader {
  field = 0;
  start: number;
  position: number;
  private readonly message: Buffer;
  private readonly end: number;
  private wireType = 0;

  constructor(message: Buffer, start: number, end: number) {
    this.message = message;
    this.start = start;
    this.position = start;
    this.end = end;
  }

  next(): boolean {
    if (this.position >= this.end) return false;
    this.start = this.position;
    const tag = this.varint();
    this.field = Math.floor(tag / 8);
    this.wireType = tag % 8;
    if (this.field === 0 || tag > 0xffff_ffff) throw new RangeError('field with an impossible number');
    return true;
  }

  bytes(): Buffer {
    const from = this.delimited();
    return this.message.subarray(from, this.position);
  }

  nested(): WireReader {
    const from = this.delimited();
    return new BufferReader(this.message, from, this.position);
  }

  text(): string {
    const from = this.delimited();
    return this.message.toString('utf8', from, this.position);
  }

  skip(): void {
    if (this.wireType === 0) this.varint();
    else if (this.wireType === 1) this.advance(8);
    else if (this.wireType === 2) this.delimited();
    else if (this.wireType === 5) this.advance(4);
    else throw new RangeError(`field ${this.field} has wire type ${this.wireType}`);
  }

  private varint(): number {
    // Nearly all numbers are of one byte.
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      const byte = this.byte();
      // Bits beyond the 53rd are those of skipped 64-bit values: tags and lengths have 32.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('number of more than ten bytes');
  }

  private byte(): number {
    const byte = this.position < this.end ? this.message[this.position] : undefined;
    if (byte === undefined) throw new RangeError('message ends within a number');
    this.position += 1;
    return byte;
  }

  /** Goes over the content of a length-delimited field; answers where it starts. */
  private delimited(): number {
    if (this.wireType !== 2) throw new RangeError(`field ${this.field} has wire type ${this.wireType}`);
    return this.advance(this.varint());
  }

  private advance(length: number): number {
    const from = this.position;
    if (length > this.end - from) throw new RangeError('message ends within a field');
    this.position = from + length;
    return from;
  }
}
