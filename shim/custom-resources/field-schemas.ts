import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** A check of the API server, in CEL. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** Adds checks that the API server makes; the shim makes the same ones by `refine`. */
export function celRules(...rules: readonly CelRule[]): { 'x-kubernetes-validations': readonly CelRule[] } {
  return { 'x-kubernetes-validations': rules };
}

/** A text of `[a-z0-9-]`, as names of Kubernetes' parts are. */
export function dnsLabel(description: string) {
  return z
    .string({ error: 'must be a text' })
    .min(1, 'must not be empty')
    .max(63, 'must have at most 63 characters')
    .regex(
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
      'must consist of lower-case letters, digits and hyphens, with a letter or digit at both ends',
    )
    .meta({ description });
}

/** The name of a Kubernetes object. */
export function objectName(description: string) {
  return z
    .string({ error: 'must be a text' })
    .min(1, 'must not be empty')
    .max(253, 'must have at most 253 characters')
    .regex(
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
      'must be the name of an object: lower-case letters, digits, hyphens and dots',
    )
    .meta({ description });
}

/** A whole number within bounds. */
export function wholeNumber(min: number, max: number, description: string) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, error).max(max, error).meta({ description });
}

/** A TCP or UDP port. */
export function port(description: string) {
  return wholeNumber(1, 65535, description);
}

/** A yes or no. */
export function flag(description: string) {
  return z.boolean({ error: 'must be true or false' }).meta({ description });
}

/** A text of at most `max` characters that fits `pattern`, which the API server's RE2 has to understand too. */
export function text(max: number, pattern: RegExp, error: string, description: string) {
  return z
    .string({ error })
    .max(max, `must have at most ${max} characters`)
    .regex(pattern, error)
    .meta({ description });
}

/**
 * A duration as Gateway API writes it.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-2257/
 */
export function duration(description: string) {
  return text(
    32,
    /^([0-9]{1,5}(h|m|s|ms)){1,4}$/,
    'must be a duration such as 10s, 500ms or 1m30s',
    `${description} A duration such as \`10s\`, \`500ms\` or \`1m30s\`.`,
  );
}

/** A duration that is longer than nothing. */
export function positiveDuration(description: string) {
  const message = 'must be longer than 0s';
  return duration(description)
    .refine((value) => durationToMs(value) > 0, message)
    .meta({
      description: `${description} A duration above zero such as \`10s\`, \`500ms\` or \`1m30s\`.`,
      ...celRules({ rule: "duration(self) > duration('0s')", message }),
    });
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of a duration that a schema has let through. */
export function durationToMs(value: string): number {
  let total = 0;
  for (const [, number, unit] of value.matchAll(/([0-9]+)(ms|h|m|s)/g))
    total += Number(number) * (unitMs[unit ?? ''] ?? 0);
  return total;
}

/** A whole tag of a tailnet, `tag:web`. */
export function tag(description: string) {
  return text(256, /^tag:[^\s,]+$/, 'must be a whole tag such as tag:web', description);
}

/** An IP address without a prefix length. */
export function ipAddress(description: string) {
  const message = 'must be an IP address such as 100.64.0.1 or fd7a:115c:a1e0::1';
  return text(45, /^[0-9A-Fa-f:.]+$/, message, description)
    .refine((value) => ipaddr.IPv4.isValidFourPartDecimal(value) || ipaddr.IPv6.isValid(value), message)
    .meta({ description, ...celRules({ rule: 'isIP(self)', message }) });
}
