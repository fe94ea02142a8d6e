import { type ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { type AllowedTargets } from './allowed-target.ts';
import { findForbiddenAddress, findForbiddenName } from './forbidden-target.ts';
import { buildGroupName } from './group-name.ts';
import { type Host, parseHost } from './host.ts';
import { type IpAddress } from './ip-address.ts';
import { parseTarget } from './target.ts';

/** Where the requests of an endpoint go. */
export type ServiceUpstream =
  /** `resolve` is what is asked of DNS, `host` what the upstream calls itself. */
  | { readonly kind: 'name'; readonly host: string; readonly resolve: string; readonly port: number }
  /** `host` is the address as it stands in a Host header, `address` as it stands in Envoy. */
  | { readonly kind: 'address'; readonly host: string; readonly address: string; readonly port: number }
  | { readonly kind: 'group'; readonly group: string; readonly tags: readonly string[] };

/** An endpoint's upstream, or why its requests go nowhere. */
export type UpstreamDecision =
  | { readonly kind: 'usable'; readonly upstream: ServiceUpstream }
  | { readonly kind: 'refused'; readonly reason: 'invalid-target' | 'forbidden-target'; readonly detail: string };

/** Reads where the requests of an endpoint go, and refuses what a tenant must not reach. */
export function parseServiceUpstream(endpoint: ServiceEndpoint, allowed: AllowedTargets): UpstreamDecision {
  const { upstream } = endpoint;
  switch (upstream.case) {
    case 'externalTarget': {
      const target = parseTarget(upstream.value);
      return target.kind === 'invalid'
        ? invalid('externalTarget', upstream.value, target.detail)
        : decideHost('externalTarget', parseHost(target.host), target.port ?? endpoint.port, allowed);
    }
    case 'tailscaleIp': {
      const host = parseHost(upstream.value);
      return host.kind === 'address'
        ? decideHost('tailscaleIP', host, endpoint.port, allowed)
        : invalid('tailscaleIP', upstream.value, 'it is no IP address');
    }
    case 'tailscaleFqdn': {
      const host = parseHost(upstream.value);
      return host.kind === 'address' || host.kind === 'odd-address'
        ? invalid('tailscaleFQDN', upstream.value, 'it is an IP address: write it as tailscaleIP')
        : decideHost('tailscaleFQDN', host, endpoint.port, allowed);
    }
    case 'selector': {
      const group = buildGroupName(endpoint.ref);
      return { kind: 'usable', upstream: { kind: 'group', group, tags: upstream.value.tags } };
    }
    default:
      return invalid('upstream', '', 'one of externalTarget, tailscaleIP, tailscaleFQDN and selector is needed');
  }
}

function decideHost(field: string, host: Host, port: number, allowed: AllowedTargets): UpstreamDecision {
  switch (host.kind) {
    case 'name': {
      const what = findForbiddenName(host.name, allowed);
      const upstream = { kind: 'name', host: host.name, resolve: host.resolve, port } as const;
      return what === undefined ? usable(upstream) : forbidden(field, host.name, what);
    }
    case 'address': {
      const what = findForbiddenAddress(host.address, allowed);
      const text = formatAddress(host.address);
      return what === undefined ? usable(toUpstream(host.address, port)) : forbidden(field, text, what);
    }
    case 'odd-address': {
      const what = findForbiddenAddress(host.address, allowed);
      const text = formatAddress(host.address);
      return what === undefined
        ? invalid(field, text, 'write an IPv4 address as four decimal numbers, like this')
        : forbidden(field, text, what);
    }
    case 'invalid':
      return invalid(field, '', host.detail);
    default:
      return host satisfies never;
  }
}

function toUpstream(ip: IpAddress, port: number): ServiceUpstream {
  const address = formatAddress(ip);
  return { kind: 'address', host: ip.kind() === 'ipv6' ? `[${address}]` : address, address, port };
}

function formatAddress(ip: IpAddress): string {
  return 'toRFC5952String' in ip ? ip.toRFC5952String() : ip.toString();
}

function usable(upstream: ServiceUpstream): UpstreamDecision {
  return upstream.kind !== 'group' && (upstream.port < 1 || upstream.port > 65_535)
    ? invalid('port', String(upstream.port), 'it is no port from 1 to 65535')
    : { kind: 'usable', upstream };
}

function invalid(field: string, text: string, what: string): UpstreamDecision {
  const detail = text === '' ? `${field}: ${what}.` : `${field} ${JSON.stringify(shorten(text))}: ${what}.`;
  return { kind: 'refused', reason: 'invalid-target', detail };
}

function forbidden(field: string, text: string, what: string): UpstreamDecision {
  const detail = `${field} ${text} is forbidden (${what}); whoever runs Tailway can allow it with allow-targets.`;
  return { kind: 'refused', reason: 'forbidden-target', detail };
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
