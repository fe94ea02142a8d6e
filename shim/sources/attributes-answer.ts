import { parseAttributes, type ParsedAttributes } from './device-attributes.ts';
import type { Answer } from './json-request.ts';

/** An answer about one device's attributes that can be one. */
export interface AttributesAnswer extends ParsedAttributes {
  /** Whether it names none at all, not even those that every device has (`node:os`). */
  readonly isEmpty: boolean;
}

/**
 * Takes an answer of Tailscale's API about the posture attributes of a device. Whatever is not shaped as
 * `{"attributes": {…}, "expiries": {…}}`, the latter only where something ends, is none: it says nothing about the device.
 *
 * https://tailscale.com/api#tag/devices/GET/device/{deviceId}/attributes
 */
export function readAttributesAnswer(answer: Answer<unknown>): Answer<AttributesAnswer> {
  if (!answer.ok) return answer;
  const { attributes, expiries } = Object(answer.value) as Record<string, unknown>;
  if (!isDictionary(attributes)) return invalid('an answer has no object `attributes`: check the API address');
  if (expiries !== undefined && expiries !== null && !isDictionary(expiries)) {
    return invalid('an answer has `expiries` that are no object: check the API address');
  }
  const isEmpty = Object.keys(attributes).length === 0;
  return { ok: true, value: { ...parseAttributes({ attributes, expiries }), isEmpty } };
}

function isDictionary(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(detail: string): Answer<never> {
  return { ok: false, failure: { reason: 'invalid-answer', detail } };
}
