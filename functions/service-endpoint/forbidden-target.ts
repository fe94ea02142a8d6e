import { type AllowedTargets } from './allowed-target.ts';
import { embeddedIpv4, type IpAddress, type IpRange, inRange, parseIpRange } from './ip-address.ts';

/** What a tenant must not reach through the gateway's network position, and what it is. */
const forbiddenRanges: readonly { readonly range: IpRange; readonly what: string }[] = [
  ['0.0.0.0/8', 'unspecified'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local, where clouds serve their metadata'],
  ['168.63.129.16', 'the metadata service of a cloud'], // Azure
  ['192.0.0.192', 'the metadata service of a cloud'], // Oracle
  ['100.100.100.200', 'the metadata service of a cloud'], // Alibaba; Tailscale reserves 100.100.100.0/24
  ['100.100.100.100', "Tailscale's service on the gateway's own node"],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
  ['fd00:ec2::/32', 'the metadata service of a cloud'], // AWS
  ['fd20:ce::254', 'the metadata service of a cloud'], // Google
  ['fd00:c1::a9fe:a9fe', 'the metadata service of a cloud'], // Oracle
  ['fd7a:115c:a1e0::53', "Tailscale's service on the gateway's own node"],
].map(([range = '', what = '']) => ({ range: toRange(range), what }));

/** Names that lead there, with all that is under them; a name alone is the cloud's own search domain's. */
const forbiddenNames: readonly (readonly [name: string, what: string])[] = [
  ['localhost', 'loopback'],
  ['localhost.localdomain', 'loopback'],
  ['localhost4', 'loopback'],
  ['localhost6', 'loopback'],
  ['ip6-localhost', 'loopback'],
  ['ip6-loopback', 'loopback'],
  ['metadata', 'the metadata service of a cloud'],
  ['metadata.google.internal', 'the metadata service of a cloud'],
  ['metadata.goog', 'the metadata service of a cloud'],
  ['metadata.azure.internal', 'the metadata service of a cloud'],
  ['metadata.tencentyun.com', 'the metadata service of a cloud'],
  ['metadata.platformequinix.com', 'the metadata service of a cloud'],
  ['metadata.packet.net', 'the metadata service of a cloud'],
  ['instance-data', 'the metadata service of a cloud'],
  ['instance-data.ec2.internal', 'the metadata service of a cloud'],
];

/** What a forbidden address is; absent: it may be reached. */
export function findForbiddenAddress(address: IpAddress, allowed: AllowedTargets): string | undefined {
  if (allowed.allowsAddress(address)) {
    return undefined;
  }
  const found = [address, ...embeddedIpv4(address)]
    .filter((candidate) => !allowed.allowsAddress(candidate))
    .map((candidate) => forbiddenRanges.find(({ range }) => inRange(candidate, range)));
  return found.find((forbidden) => forbidden !== undefined)?.what;
}

/**
 * What a forbidden name leads to; absent: it may be reached. A name of one's own that resolves to a
 * forbidden address is not seen here: whoever must keep tenants from that needs a network policy.
 * Names of the cluster's own services (`….svc.cluster.local`) are allowed: they are what a gateway is for.
 *
 * @param name in lower case, without a dot at the end
 */
export function findForbiddenName(name: string, allowed: AllowedTargets): string | undefined {
  if (allowed.allowsName(name)) {
    return undefined;
  }
  const found = forbiddenNames.find(([forbidden]) => name === forbidden || isUnder(name, forbidden));
  return found?.[1];
}

/** A Kubernetes namespace may be called `metadata`, so what is under a single label is left alone, but for localhost. */
function isUnder(name: string, forbidden: string): boolean {
  return (forbidden.includes('.') || forbidden === 'localhost') && name.endsWith(`.${forbidden}`);
}

function toRange(text: string): IpRange {
  const range = parseIpRange(text);
  if (range === undefined) {
    throw new Error(`failed to parse range ${text}`);
  }
  return range;
}
