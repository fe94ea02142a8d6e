import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ConnectError } from '@connectrpc/connect';
import { type ItemCount, type Place } from './item-count.ts';
import { maxMessageDepth } from './limits.ts';

/** What the walk has in hand. */
interface Walk {
  readonly reader: BinaryReader;
  readonly count: ItemCount;
}

/**
 * Refuses a request in binary that would become too many objects: two bytes are an empty message, of hundreds of bytes
 * once it is decoded. Nothing is built. It goes the decoder's way byte by byte, which looks at a field's type and not at
 * its wire type; what is no message is left to the decoder to refuse.
 *
 * https://protobuf.dev/programming-guides/encoding/
 *
 * @throws ConnectError as {@link ItemCount} says
 */
export function checkBinaryItems(schema: DescMessage, bytes: Uint8Array, count: ItemCount): void {
  const walk = { reader: new BinaryReader(bytes), count };
  try {
    walkMessage(walk, schema, bytes.length, undefined, 1);
  } catch (err) {
    if (err instanceof ConnectError) {
      throw err;
    }
  }
}

function walkMessage(walk: Walk, schema: DescMessage, end: number, place: Place | undefined, depth: number): void {
  const { reader, count } = walk;
  if (depth > maxMessageDepth) {
    throw new Error('too deep');
  }
  const fields = fieldsByNumber(schema);
  let lengths: Map<DescField, number> | undefined;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = fields.get(number);
    if (field === undefined) {
      count.add(1);
      reader.skip(wireType, number, maxMessageDepth - depth);
      continue;
    }
    switch (field.fieldKind) {
      case 'scalar':
        skipScalar(reader, field.scalar);
        break;
      case 'enum':
        skipScalar(reader, ScalarType.INT32);
        break;
      case 'message':
        count.add(1);
        walkMessage(walk, field.message, readEnd(reader), { parent: place, field }, depth + 1);
        break;
      case 'map':
        count.add(1);
        walkEntry(walk, field, { parent: place, field }, depth);
        break;
      case 'list': {
        lengths ??= new Map();
        const index = lengths.get(field) ?? 0;
        const items =
          field.listKind === 'message'
            ? 1
            : skipItems(reader, field.listKind === 'enum' ? ScalarType.INT32 : field.scalar, wireType);
        count.add(items);
        count.checkList(field, index + items, place);
        lengths.set(field, index + items);
        if (field.listKind === 'message') {
          walkMessage(walk, field.message, readEnd(reader), { parent: place, field, index }, depth + 1);
        }
        break;
      }
      default:
        field satisfies never;
    }
  }
}

/** An entry of a map is a message of key and value: https://protobuf.dev/programming-guides/encoding/#maps */
function walkEntry(walk: Walk, field: DescField & { fieldKind: 'map' }, place: Place, depth: number): void {
  const { reader } = walk;
  const end = readEnd(reader);
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    if (number === 1) {
      skipScalar(reader, field.mapKey);
    } else if (number !== 2) {
      reader.skip(wireType, number, maxMessageDepth - depth);
    } else if (field.mapKind === 'message') {
      walkMessage(walk, field.message, readEnd(reader), place, depth + 1);
    } else {
      skipScalar(reader, field.mapKind === 'enum' ? ScalarType.INT32 : field.scalar);
    }
  }
}

/** Skips the items of a list that stand together, one when they are not packed, and tells how many they are. */
function skipItems(reader: BinaryReader, type: ScalarType, wireType: WireType): number {
  if (wireType !== WireType.LengthDelimited || type === ScalarType.STRING || type === ScalarType.BYTES) {
    skipScalar(reader, type);
    return 1;
  }
  const end = readEnd(reader);
  let items = 0;
  for (; reader.pos < end; items++) {
    skipScalar(reader, type);
  }
  return items;
}

function skipScalar(reader: BinaryReader, type: ScalarType): void {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      reader.pos = readEnd(reader);
      break;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      reader.pos += 8;
      break;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      reader.pos += 4;
      break;
    default:
      // Varints of 64 bits too: what is above 32 is read, and dropped.
      reader.uint32();
  }
  if (reader.pos > reader.len) {
    throw new RangeError('premature end');
  }
}

/** Reads a length, and tells where what follows ends. */
function readEnd(reader: BinaryReader): number {
  const length = reader.uint32();
  return reader.pos + length;
}

const numbered = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsByNumber(schema: DescMessage): ReadonlyMap<number, DescField> {
  const known = numbered.get(schema);
  if (known !== undefined) {
    return known;
  }
  const fields = new Map(schema.fields.map((field) => [field.number, field]));
  numbered.set(schema, fields);
  return fields;
}
