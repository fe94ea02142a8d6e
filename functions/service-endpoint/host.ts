import { type IpAddress, parseIpAddress, parseOddIpv4 } from './ip-address.ts';

/** A host as an address, as a name (in lower case), or why it is neither. */
export type Host =
  | { readonly kind: 'address'; readonly address: IpAddress }
  /** `resolve` keeps the dot at the end that keeps resolvers from trying search domains; `name` does not. */
  | { readonly kind: 'name'; readonly name: string; readonly resolve: string }
  /** An IPv4 address in a form that only resolvers understand. */
  | { readonly kind: 'odd-address'; readonly address: IpAddress }
  | { readonly kind: 'invalid'; readonly detail: string };

/** Reads a DNS name or an IP address, IPv6 without brackets. */
export function parseHost(text: string): Host {
  const address = parseIpAddress(text);
  if (address !== undefined) {
    return { kind: 'address', address };
  }
  const resolve = text.toLowerCase();
  const name = resolve.replace(/\.$/, '');
  const detail = findFault(name);
  if (detail !== undefined) {
    return { kind: 'invalid', detail };
  }
  if (/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(name)) {
    const odd = parseOddIpv4(name);
    return odd === undefined
      ? { kind: 'invalid', detail: 'a name that ends in a number is no DNS name' }
      : { kind: 'odd-address', address: odd };
  }
  return { kind: 'name', name, resolve };
}

function findFault(name: string): string | undefined {
  if (name === '') {
    return 'the host is missing';
  }
  // oxlint-disable-next-line no-control-regex -- everything that is not ASCII
  if (/[^\x00-\x7f]/.test(name)) {
    return 'the host is not ASCII: write an international name in its punycode form, xn--…';
  }
  if (name.includes(':')) {
    return name.includes('%') ? 'an address with a zone cannot be reached from elsewhere' : 'the IPv6 address is none';
  }
  if (name.length > 253) {
    return 'the host is longer than 253 characters';
  }
  const label = name.split('.').find((label) => !/^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return label === undefined ? undefined : `${JSON.stringify(label)} is no label of a DNS name`;
}
