import { createWireReader } from '../grpc/wire-reader.ts';

/** Tag and length of a length-delimited field. https://protobuf.dev/programming-guides/encoding/ */
export function encodeFieldHeader(field: number, length: number): Buffer {
  return Buffer.from([...varint(field * 8 + 2), ...varint(length)]);
}

/** A length-delimited field, whole. */
export function encodeField(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([encodeFieldHeader(field, content.length), content]);
}

/**
 * The content of a length-delimited field: undefined where it is absent. A message that stands there more than once is
 * the sum of its occurrences, which is what their bytes in a row are.
 */
export function readField(message: Buffer, field: number): Buffer | undefined {
  const reader = createWireReader(message);
  let found: Buffer | undefined;
  while (reader.next()) {
    if (reader.field !== field) reader.skip();
    else if (found === undefined) found = reader.bytes();
    else found = Buffer.concat([found, reader.bytes()]);
  }
  return found;
}

/** The contents of a repeated length-delimited field. */
export function readFields(message: Buffer, field: number): Buffer[] {
  const reader = createWireReader(message);
  const found: Buffer[] = [];
  while (reader.next()) {
    if (reader.field === field) found.push(reader.bytes());
    else reader.skip();
  }
  return found;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  bytes.push(rest);
  return bytes;
}
