import ipaddr from 'ipaddr.js';

/** An IPv4 or IPv6 address. */
export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** A range of addresses: the first one, and how many of its bits count. */
export type IpRange = readonly [IpAddress, number];

/** Reads an address in its usual form: four decimal numbers, or IPv6 without a zone. */
export function parseIpAddress(text: string): IpAddress | undefined {
  // A name that is asked whether it is an address would cost an exception.
  if (/^[0-9.]+$/.test(text) && ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return ipaddr.IPv4.parse(text);
  }
  return text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

/** Reads what resolvers take for an IPv4 address though it does not look like one: `2130706433`, `0x7f.1`, `017700000001`. */
export function parseOddIpv4(text: string): IpAddress | undefined {
  return ipaddr.IPv4.isValid(text) ? ipaddr.IPv4.parse(text) : undefined;
}

/** Reads `address/bits`, or an address alone. */
export function parseIpRange(text: string): IpRange | undefined {
  const [, host = '', bits] = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const address = parseIpAddress(host);
  const width = address?.kind() === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? width : Number(bits);
  return address === undefined || length > width ? undefined : [address, length];
}

/** Whether a range holds an address of the same family. */
export function inRange(address: IpAddress, [first, bits]: IpRange): boolean {
  return address.kind() === first.kind() && address.match(first, bits);
}

/** The IPv4 addresses that an IPv6 address carries and that a translator on the way would take it for. */
export function embeddedIpv4(address: IpAddress): IpAddress[] {
  if (address.kind() === 'ipv4') {
    return [];
  }
  const bytes = address.toByteArray();
  return embeddings
    .filter(({ range }) => inRange(address, range))
    .map(({ at }) => new ipaddr.IPv4(at.map((index) => bytes[index] ?? 0)));
}

/** Where forms of IPv6 addresses carry an IPv4 address. */
const embeddings = [
  { prefix: '::/96', at: [12, 13, 14, 15] }, // IPv4-compatible, RFC 4291
  { prefix: '::ffff:0:0/96', at: [12, 13, 14, 15] }, // IPv4-mapped, RFC 4291
  { prefix: '::ffff:0:0:0/96', at: [12, 13, 14, 15] }, // IPv4-translated, RFC 2765
  { prefix: '64:ff9b::/96', at: [12, 13, 14, 15] }, // NAT64, RFC 6052
  { prefix: '64:ff9b:1::/48', at: [12, 13, 14, 15] }, // NAT64 of a site with a /96, RFC 8215
  { prefix: '64:ff9b:1::/48', at: [6, 7, 9, 10] }, // with a /48
  { prefix: '2002::/16', at: [2, 3, 4, 5] }, // 6to4, RFC 3056
].map(({ prefix, at }) => ({ range: ipaddr.IPv6.parseCIDR(prefix), at }));
