import { isIP } from 'node:net';
import { timestampFromMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

// The limits are those of proto/tailway/tailnet/v1/device.proto: one device beyond them would spoil a whole request.

/** An identifier as JSON or YAML give it: a number counts as its digits. */
export const identifier = z.union([z.string().min(1), z.number().int().transform(String)]).pipe(z.string().max(256));

/** A DNS name, with or without the dot at its end, which goes. */
export const dnsName = z
  .string()
  .max(512)
  .transform((name) => name.replace(/\.$/, ''));

/** Tailnet addresses, in one way of writing; a prefix length is taken off. */
export const addresses = z
  .array(
    z.string().transform((text, ctx) => {
      const address = text.replace(/\/\d{1,3}$/, '');
      if (isIP(address) !== 0 && !address.includes('%')) return ipaddr.parse(address).toString();
      ctx.addIssue({
        code: 'custom',
        message: 'is no IP address; expected one such as 100.64.0.1 or fd7a:115c:a1e0::1',
      });
      return z.NEVER;
    }),
    { error: 'is no list of addresses; expected one such as ["100.64.0.1"]' },
  )
  .max(64);

/** ACL tags, each once and sorted, since their order says nothing. */
export const tags = z
  .array(z.string().min(1))
  .max(1024)
  .transform((tags) => [...new Set(tags)].toSorted());

/** Go's zero time, by which APIs say "never". */
const zeroTimeMs = Date.parse('0001-01-01T00:00:00Z');

/** A point in time; nothing, an empty text and Go's zero time mean none. */
export const time = z
  .union([z.literal(''), z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'is no time; expected one such as 2030-01-31T12:00:00Z',
  })
  .nullish()
  .transform((text): Timestamp | undefined => {
    const ms = text ? Date.parse(text) : Number.NaN;
    return Number.isNaN(ms) || ms <= zeroTimeMs ? undefined : timestampFromMs(ms);
  });

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
