import { parseAllowedTargets } from '../../functions/service-endpoint/allowed-target.ts';
import { findForbiddenAddress, findForbiddenName } from '../../functions/service-endpoint/forbidden-target.ts';
import { parseHost } from '../../functions/service-endpoint/host.ts';
import type { Finding } from './finding.ts';
import type { WantedTailnet } from './tailnet-from-resource.ts';

/**
 * Why the API of a TailscaleTailnet may not be asked: who may create resources is not to reach by the shim what a gateway
 * does not reach either.
 *
 * @param allowTargets what is allowed although it is refused by default
 */
export function findForbiddenApi({ api }: WantedTailnet, allowTargets: readonly string[]): Finding[] {
  const { hostname } = new URL(api.apiUrl);
  const host = parseHost(hostname.replace(/^\[|\]$/g, ''));
  const allowed = parseAllowedTargets(allowTargets);
  switch (host.kind) {
    case 'address':
    case 'odd-address':
      return toFindings(hostname, findForbiddenAddress(host.address, allowed));
    case 'name':
      return toFindings(hostname, findForbiddenName(host.name, allowed));
    case 'invalid':
      return [toFinding(host.detail)];
    default:
      return host satisfies never;
  }
}

function toFindings(hostname: string, what: string | undefined): Finding[] {
  if (what === undefined) return [];
  return [toFinding(`${hostname} is ${what}; if it is meant, allow it with --allow-targets (TAILWAY_ALLOW_TARGETS)`)];
}

function toFinding(detail: string): Finding {
  const path = 'spec.apiURL';
  return { reason: 'Invalid', path, effect: 'resource-refused', endpoint: '', detail: `${path}: ${detail}` };
}
