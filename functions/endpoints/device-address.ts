import ipaddr from 'ipaddr.js';
import { AddressFamily } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** IPv4 or IPv6. */
export type Family = 4 | 6;

/** An IP address that one host can have. */
export interface IpAddress {
  /** The address in its one normal spelling. */
  readonly text: string;
  readonly family: Family;
  /** Orders addresses as numbers, IPv4 first. */
  readonly sortKey: string;
}

/** A device's addresses, of which most groups look at one family only. */
export interface DeviceAddresses {
  /** The lowest valid address of a family. */
  lowest(family: Family): IpAddress | undefined;
}

/** Reads a device's addresses, each family when it is first asked for: reading IPv6 is dear. */
export function createDeviceAddresses(texts: readonly string[]): DeviceAddresses {
  const known = new Map<Family, IpAddress | undefined>();
  return {
    lowest(family) {
      if (!known.has(family)) {
        known.set(family, findLowest(texts, family));
      }
      return known.get(family);
    },
  };
}

function findLowest(texts: readonly string[], family: Family): IpAddress | undefined {
  const parse = family === 4 ? parseIpv4 : parseIpv6;
  let lowest: IpAddress | undefined;
  for (const text of texts) {
    const address = parse(text);
    if (address !== undefined && (lowest === undefined || address.sortKey < lowest.sortKey)) {
      lowest = address;
    }
  }
  return lowest;
}

/** Chooses the address that a device is reached at: of the preferred family the lowest. */
export function chooseAddress(addresses: DeviceAddresses, preference: AddressFamily): IpAddress | undefined {
  const [first, second] = preferredFamilies(preference);
  return addresses.lowest(first) ?? (second === undefined ? undefined : addresses.lowest(second));
}

/** The families that a group takes, preferred one first; an unknown preference is the default one. */
export function preferredFamilies(preference: AddressFamily): readonly [Family, Family?] {
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
  const [, ipv6, ipv4, port] = match ?? [];
  const address = ipv6 === undefined ? parseIpv4(ipv4 ?? '') : parseIpv6(ipv6);
  return address === undefined ? undefined : formatHost(address, Number(port));
}

/** Reads four decimal parts without leading zeros; 0.0.0.0/8, multicast, reserved and broadcast belong to no host. */
function parseIpv4(text: string): IpAddress | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}$/.test(text)) {
    return undefined;
  }
  const bytes = text.split('.').map(Number);
  const [first = 0] = bytes;
  return first < 1 || first > 223 || bytes.some((byte) => byte > 255)
    ? undefined
    : { text, family: 4, sortKey: toSortKey(4, bytes) };
}

/** Reads IPv6 without a zone and spells it as RFC 5952 does; `::` and multicast belong to no host. */
function parseIpv6(text: string): IpAddress | undefined {
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) {
    return undefined;
  }
  const address = ipaddr.IPv6.parse(text);
  const range = address.range();
  return range === 'unspecified' || range === 'multicast'
    ? undefined
    : { text: address.toRFC5952String(), family: 6, sortKey: toSortKey(6, address.toByteArray()) };
}

function toSortKey(family: Family, bytes: readonly number[]): string {
  return String.fromCharCode(family, ...bytes);
}
