import { isIP } from 'node:net';
import { timestampFromMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { explainField } from './field-error.ts';

// The limits are those of proto/tailway/tailnet/v1/device.proto: one device beyond them would spoil a whole request. So
// would a text that is no well-formed Unicode, which neither a URL nor protobuf can carry.

/** An identifier as JSON or YAML give it: a number counts as its digits. */
export const identifier = z
  .custom<string | number>((value) => Number.isSafeInteger(value) || (isText(value, 256) && value !== ''), {
    error: explainField('a string of 1 to 256 characters', (input) =>
      typeof input === 'number' ? '12345678901234567' : 'n292kg92CNTRL',
    ),
  })
  .transform(String);

/** A DNS name, with or without the dot at its end, which goes. */
export const dnsName = z
  .custom<string>((value) => isText(value, 512), {
    error: explainField('a string of up to 512 characters', (input) =>
      typeof input === 'number' || typeof input === 'boolean' ? String(input) : 'web-1',
    ),
  })
  .transform((name) => name.replace(/\.$/, ''));

/** Tailnet addresses, in one way of writing; a prefix length is taken off. */
export const addresses = list('a list of up to 64 IP addresses', 64, ['100.64.0.1']).pipe(
  z.array(
    z
      .custom<string>((value) => typeof value === 'string' && isAddress(value), {
        error: explainField('an IP address such as 100.64.0.1 or fd7a:115c:a1e0::1', () => '100.64.0.1'),
      })
      .transform((text) => ipaddr.parse(withoutLength(text)).toString()),
  ),
);

/** ACL tags, each once and sorted, since their order says nothing. */
export const tags = list('a list of up to 1024 strings', 1024, ['tag:weight-1'])
  .pipe(
    z.array(
      z.custom<string>((value) => isText(value, Infinity) && value !== '', {
        error: explainField('a non-empty string', () => 'tag:weight-1'),
      }),
    ),
  )
  .transform((tags) => [...new Set(tags)].toSorted());

/** Yes or no. */
export const flag = z.custom<boolean>((value) => typeof value === 'boolean', {
  error: explainField(
    'true or false',
    (input) => input !== 0 && !/^(false|no|off|0)$/i.test(typeof input === 'string' ? input : ''),
  ),
});

/** Values by key; what they are is looked at elsewhere. */
export const dictionary = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  { error: explainField('an object', () => ({})) },
);

/** Go's zero time, by which APIs say "never". */
const zeroTimeMs = Date.parse('0001-01-01T00:00:00Z');

/** The last that can be written as protobuf's JSON. */
const lastTimeMs = Date.parse('9999-12-31T23:59:59.999Z');

const isoTime = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** A point in time within the years 1 to 9999 (UTC); nothing, an empty text and Go's zero time mean none. */
export const time = z
  .custom<string>((value) => value === '' || isTime(value), {
    error: explainField('a time within the years 1 to 9999 (UTC)', () => '2030-01-31T12:00:00Z'),
  })
  .nullish()
  .transform((text): Timestamp | undefined => {
    const ms = text ? Date.parse(text) : zeroTimeMs;
    return ms === zeroTimeMs ? undefined : timestampFromMs(ms);
  });

function isTime(value: unknown): boolean {
  const { success, data } = isoTime.safeParse(value);
  const ms = success ? Date.parse(data) : Number.NaN;
  return ms >= zeroTimeMs && ms <= lastTimeMs;
}

/** Text that can be sent and saved. */
function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength && value.isWellFormed();
}

/** A list whose entries are still to be looked at: a long one would have as many mistakes as entries. */
function list(must: string, maxLength: number, one: readonly string[]) {
  return z.custom<unknown[]>((value) => Array.isArray(value) && value.length <= maxLength, {
    error: explainField(must, (input) =>
      typeof input === 'string' && isText(input, 80) && input !== '' ? [input] : one,
    ),
  });
}

function isAddress(text: string): boolean {
  const address = withoutLength(text);
  return isIP(address) !== 0 && !address.includes('%');
}

function withoutLength(text: string): string {
  return text.replace(/\/\d{1,3}$/, '');
}

/** Whose entry an unreadable one is, as far as that can be read: the first of its keys that is one. */
export function identityOf(
  entry: unknown,
  idKeys: readonly string[],
  nameKeys: readonly string[],
): { id?: string; name?: string } {
  if (typeof entry !== 'object' || entry === null) return {};
  const fields = entry as Record<string, unknown>;
  const id = idKeys.map((key) => identifier.safeParse(fields[key]).data).find((id) => id !== undefined);
  const name = nameKeys.map((key) => dnsName.safeParse(fields[key]).data).find((name) => name);
  return { ...(id === undefined ? {} : { id }), ...(name ? { name } : {}) };
}
