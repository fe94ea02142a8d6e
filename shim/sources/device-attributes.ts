import { create } from '@bufbuild/protobuf';
import { AttributeSchema, type Attribute } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { Rejection } from './device-list.ts';
import { time } from './device-fields.ts';
import { explainField } from './field-error.ts';

/** A device's metadata by key. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** What a set of posture attributes came to. Paths are relative to the object that holds `attributes`. */
export interface ParsedAttributes {
  readonly attributes: Attributes;
  readonly rejections: readonly Rejection[];
}

/** The longest text of an attribute, as proto/tailway/tailnet/v1/device.proto has it. */
const maxValueLength = 4096;

/** How many attributes of one device are told that cannot be used. */
const maxTold = 10;

const explainValue = explainField(`a string of up to ${maxValueLength} characters, a number, true or false`, (input) =>
  Array.isArray(input) && Number.isFinite(input[0]) ? input[0] : 3,
);

/**
 * Reads posture attributes and their ends in the shape of Tailscale's API, `{attributes, expiries}`. Only `custom:…`
 * is kept: the rest describes the machine (`node:os`) and changes without meaning anything here. One that cannot be
 * used is left out alone.
 *
 * https://tailscale.com/api#tag/devices/GET/device/{deviceId}/attributes
 */
export function parseAttributes(answer: { attributes?: unknown; expiries?: unknown }): ParsedAttributes {
  const attributes: Record<string, Attribute> = {};
  const rejections: Rejection[] = [];
  const expiries = entriesOf(answer.expiries);
  let refused = 0;
  const reject = (path: readonly string[], explain: () => string) => {
    refused++;
    if (refused <= maxTold) rejections.push({ path, detail: explain() });
  };
  for (const [key, raw] of entriesOf(answer.attributes)) {
    if (!key.startsWith('custom:')) continue;
    const value = attributeText(raw);
    if (!key.isWellFormed()) {
      reject(['attributes', key], () => 'has half a character in its name (a lone surrogate): write the whole one');
      continue;
    }
    if (value === undefined) {
      reject(['attributes', key], () => explainValue({ input: raw, path: [key] }));
      continue;
    }
    const expires = time.safeParse(expiries.get(key));
    if (expires.success) {
      attributes[key] = create(AttributeSchema, { value, ...(expires.data && { expires: expires.data }) });
    } else {
      reject(['expiries', key], () => expires.error.issues[0]?.message ?? 'is no time');
    }
  }
  if (refused > maxTold) {
    rejections.push({ path: ['attributes'], detail: `has ${refused - maxTold} more that cannot be used` });
  }
  return { attributes, rejections };
}

function entriesOf(value: unknown): Map<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function attributeText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.length <= maxValueLength && value.isWellFormed() ? value : undefined;
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : undefined;
    case 'boolean':
      return JSON.stringify(value);
    default:
      return undefined;
  }
}
