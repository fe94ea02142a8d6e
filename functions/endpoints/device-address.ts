import ipaddr from 'ipaddr.js';
import { AddressFamily } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** A usable IP address. */
export interface IpAddress {
  /** The address in its one normal spelling (RFC 5952 for IPv6). */
  readonly text: string;
  readonly family: 4 | 6;
  /** Orders addresses as numbers, IPv4 first. */
  readonly sortKey: string;
}

/** Addresses that are written correctly but belong to no single host. */
const unusableRanges: ReadonlySet<string> = new Set(['unspecified', 'broadcast', 'multicast']);

/** Reads an address of one host: four decimal parts, or IPv6 without a zone. Anything else is none. */
export function parseAddress(text: string): IpAddress | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return toIpAddress(ipaddr.IPv4.parse(text), 4);
  }
  if (text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text)) {
    return toIpAddress(ipaddr.IPv6.parse(text), 6);
  }
  return undefined;
}

function toIpAddress(address: ipaddr.IPv4 | ipaddr.IPv6, family: 4 | 6): IpAddress | undefined {
  if (unusableRanges.has(address.range())) {
    return undefined;
  }
  const digits = address.toByteArray().map((byte) => byte.toString(16).padStart(2, '0'));
  return { text: address.toString(), family, sortKey: `${family}${digits.join('')}` };
}

/** Chooses the address that a device is reached at: of the preferred family the lowest. */
export function chooseAddress(addresses: readonly IpAddress[], preference: AddressFamily): IpAddress | undefined {
  for (const family of preferredFamilies(preference)) {
    let lowest: IpAddress | undefined;
    for (const address of addresses) {
      if (address.family === family && (lowest === undefined || address.sortKey < lowest.sortKey)) {
        lowest = address;
      }
    }
    if (lowest !== undefined) {
      return lowest;
    }
  }
  return undefined;
}

/** The families that a group takes, preferred one first; an unknown preference is the default one. */
export function preferredFamilies(preference: AddressFamily): readonly (4 | 6)[] {
  switch (preference) {
    case AddressFamily.IPV6_FIRST:
      return [6, 4];
    case AddressFamily.IPV4_ONLY:
      return [4];
    case AddressFamily.IPV6_ONLY:
      return [6];
    default:
      return [4, 6];
  }
}

/** Names a host, IPv6 in brackets: `100.64.0.1:8080`, `[fd7a::1]:8080`. */
export function formatHost(address: IpAddress, port: number): string {
  return address.family === 6 ? `[${address.text}]:${port}` : `${address.text}:${port}`;
}

/** Brings the name of a host into the one spelling of {@link formatHost}; undefined when it is none. */
export function normalizeHost(host: string): string | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):([1-9][0-9]{0,4})$/.exec(host);
  const address = parseAddress(match?.[1] ?? match?.[2] ?? '');
  return match === null || address === undefined ? undefined : formatHost(address, Number(match[3]));
}
