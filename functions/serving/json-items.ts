import { type DescField, type DescMessage } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { type ItemCount, type Place } from './item-count.ts';
import { maxJsonTokens, maxMessageDepth } from './limits.ts';

/** A text with fewer tokens takes little memory whatever it says, and is not parsed twice. */
const harmlessTokens = 250_000;

const [quote, backslash, comma, colon, bracket, brace] = [0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x7b];

/**
 * Refuses a request in JSON that would become too many objects, before any message is built: first by the text's
 * tokens, then by its values, as binary requests are. What is no JSON is left to the decoder to refuse.
 *
 * @throws ConnectError as {@link ItemCount} says; ResourceExhausted beyond {@link maxJsonTokens}
 */
export function checkJsonItems(schema: DescMessage, bytes: Uint8Array, count: ItemCount): void {
  const tokens = countTokens(bytes);
  if (tokens > maxJsonTokens) {
    throw new ConnectError(
      `the request has more than ${maxJsonTokens} values and names of JSON: ask in several calls`,
      Code.ResourceExhausted,
    );
  }
  if (tokens > harmlessTokens) {
    walkMessage(count, schema, parse(bytes), undefined, 1);
  }
}

/** Counts commas, colons and opening brackets outside strings, so that it is about the names and the values. */
function countTokens(bytes: Uint8Array): number {
  let tokens = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) {
      for (at++; at < bytes.length && bytes[at] !== quote; at++) {
        if (bytes[at] === backslash) at++;
      }
    } else if (byte === comma || byte === colon || byte === bracket || byte === brace) {
      tokens++;
    }
  }
  return tokens;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function walkMessage(
  count: ItemCount,
  schema: DescMessage,
  value: unknown,
  place: Place | undefined,
  depth: number,
): void {
  if (!isObject(value) || depth > maxMessageDepth) {
    return;
  }
  if (schema.typeName.startsWith('google.protobuf.')) {
    // Their JSON is not that of their fields: https://protobuf.dev/programming-guides/json/
    walkAny(count, value, depth);
    return;
  }
  for (const field of schema.fields) {
    for (const name of new Set([field.jsonName, field.name])) {
      if (Object.hasOwn(value, name)) walkField(count, field, value[name], place, depth);
    }
  }
}

function walkField(count: ItemCount, field: DescField, value: unknown, parent: Place | undefined, depth: number): void {
  if (field.fieldKind === 'message') {
    count.add(1);
    walkMessage(count, field.message, value, { parent, field }, depth + 1);
  } else if (field.fieldKind === 'list' && Array.isArray(value)) {
    count.add(value.length);
    count.checkList(field, value.length, parent);
    if (field.listKind === 'message') {
      const { message } = field;
      value.forEach((item, index) => walkMessage(count, message, item, { parent, field, index }, depth + 1));
    }
  } else if (field.fieldKind === 'map' && isObject(value)) {
    const entries = Object.values(value);
    count.add(entries.length);
    if (field.mapKind === 'message') {
      const { message } = field;
      entries.forEach((entry) => walkMessage(count, message, entry, { parent, field }, depth + 1));
    }
  }
}

function walkAny(count: ItemCount, value: unknown, depth: number): void {
  if (typeof value === 'object' && value !== null && depth <= maxMessageDepth) {
    const children = Object.values(value);
    count.add(children.length);
    children.forEach((child) => walkAny(count, child, depth + 1));
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
