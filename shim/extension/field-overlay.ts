import { createWireReader } from '../grpc/wire-reader.ts';

/** Which fields of a message an overlay may change. */
export interface OverlayRules {
  /** These are the overlay's, also where it has none. */
  readonly replaced: ReadonlySet<number>;
  /** These are the overlay's where it has them. */
  readonly replacedIfPresent: ReadonlySet<number>;
  /** A map field, of which the overlay replaces the entries that it has. */
  readonly entries?: number;
}

/**
 * Lays the fields of `overlay` over those of `message`, both encoded. What stays is the same to the byte and in the same
 * order; the overlay's fields come last. Laying the same overlay again gives the same bytes.
 */
export function overlayFields(message: Buffer, overlay: Buffer, rules: OverlayRules): Uint8Array[] {
  const taken = collectFields(overlay, (field) => rules.replaced.has(field) || rules.replacedIfPresent.has(field));
  const entries = collectFields(overlay, (field) => field === rules.entries);
  const present = new Set(taken.map(({ field }) => field));
  const keys = new Set(entries.map(({ record }) => readKey(contentOf(record))));
  const parts: Uint8Array[] = [];
  const reader = createWireReader(message);
  while (reader.next()) {
    const { start, field } = reader;
    const isEntry = field === rules.entries;
    const isReplaced = rules.replaced.has(field) || present.has(field);
    const key = isEntry ? readKey(reader.bytes()) : undefined;
    if (!isEntry) reader.skip();
    if (!isReplaced && !(key !== undefined && keys.has(key))) parts.push(message.subarray(start, reader.position));
  }
  for (const { record } of [...taken, ...entries]) parts.push(record);
  return parts;
}

interface FieldRecord {
  readonly field: number;
  /** With its tag. */
  readonly record: Buffer;
}

function collectFields(message: Buffer, isWanted: (field: number) => boolean): FieldRecord[] {
  const reader = createWireReader(message);
  const records: FieldRecord[] = [];
  while (reader.next()) {
    const { start, field } = reader;
    reader.skip();
    if (isWanted(field)) records.push({ field, record: message.subarray(start, reader.position) });
  }
  return records;
}

/** The content of a length-delimited field. */
function contentOf(record: Buffer): Buffer {
  const reader = createWireReader(record);
  reader.next();
  return reader.bytes();
}

/** The key of a map entry. */
function readKey(entry: Buffer): string {
  const reader = createWireReader(entry);
  let key = '';
  while (reader.next()) {
    if (reader.field === 1) key = reader.text();
    else reader.skip();
  }
  return key;
}
