/** What of a virtual host the host names of a policy cover. */
export type Coverage = 'all' | 'part' | 'none';

/**
 * Compares the domains of a virtual host with the host names of a policy. Both may be wildcards; `*.example.com` stands
 * for one label or more before the rest, as in Envoy and the Gateway API. Ports of domains do not count.
 *
 * @param hostnames none: all
 */
export function compareHostNames(domains: readonly string[], hostnames: readonly string[]): Coverage {
  if (hostnames.length === 0) {
    return 'all';
  }
  const names = (domains.length === 0 ? ['*'] : domains).map((domain) => normalize(withoutPort(domain)));
  const covering = hostnames.map(normalize);
  if (names.every((name) => covering.some((hostname) => covers(hostname, name)))) {
    return 'all';
  }
  return names.some((name) => covering.some((hostname) => overlaps(hostname, name))) ? 'part' : 'none';
}

/** An RE2 expression for the `:authority` of requests for these host names, with and without a port. */
export function buildAuthorityExpression(hostnames: readonly string[]): string {
  const names = [...new Set(hostnames.map(normalize))].toSorted().map((hostname) => {
    const [, wildcard = '', rest = ''] = /^(\*?)(.*)$/.exec(hostname) ?? [];
    return (wildcard === '' ? '' : '[^:]+') + rest.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return `(?i)(?:${names.join('|')})(?::[0-9]+)?`;
}

function normalize(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function withoutPort(domain: string): string {
  return domain.replace(/:(?:[0-9]+|\*)$/, '');
}

/** Whether every host of `name` is one of `hostname`. */
function covers(hostname: string, name: string): boolean {
  return hostname === '*' || hostname === name || (hostname.startsWith('*.') && isUnder(name, hostname.slice(1)));
}

function overlaps(hostname: string, name: string): boolean {
  if (covers(hostname, name) || covers(name, hostname)) {
    return true;
  }
  // Envoy's domains have wildcards at their end too: `example.*`.
  return name.endsWith('.*') && !hostname.startsWith('*') && hostname.startsWith(name.slice(0, -1));
}

function isUnder(name: string, suffix: string): boolean {
  return name.length > suffix.length && name.endsWith(suffix);
}
