import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { TailscaleEndpointsStatus } from '../custom-resources/status-schemas.ts';
import { formatStatusTime } from '../custom-resources/status-time.ts';
import { type HostStatus, endpointToHosts } from './endpoint-hosts.ts';
import { formatRefusalReason } from './refusal-reason.ts';
import { findRefusals, ignoredFields } from './status-accepted.ts';
import { type DesiredCondition, summarize, toCondition } from './status-condition.ts';
import type { StatusInput } from './status-input.ts';
import { findUnprogrammed, programmedMessage } from './status-programmed.ts';
import { findUnresolved } from './status-resolved.ts';

/** What the status of a TailscaleEndpoints should say. */
export type DesiredEndpointsStatus = Omit<TailscaleEndpointsStatus, 'conditions'> & {
  readonly conditions: readonly DesiredCondition[];
};

/** Hosts that a status names; the API server takes no object of any size. */
const maxHosts = 1000;

/** Computes the status of a TailscaleEndpoints from everything that is known of it. */
export function computeStatus(input: StatusInput): DesiredEndpointsStatus {
  const { generation } = input;
  const hosts = input.endpoints.map((endpoint) => ({ endpoint, hosts: decidedHosts(endpoint, input) }));
  const all = [...hosts.flatMap((each) => each.hosts), ...refusedHosts(input)];
  const found = hosts.filter(({ endpoint }) => endpoint.upstream.case === 'selector').flatMap((each) => each.hosts);
  const problems = {
    accepted: findRefusals(input),
    resolved: findUnresolved(input, hosts),
    programmed: findUnprogrammed(input),
  };
  return {
    conditions: [
      toCondition(generation, 'Accepted', problems.accepted, ignoredFields(input), 'All of it is as it should be.'),
      toCondition(generation, 'ResolvedRefs', problems.resolved, undefined, 'All that it names is known.'),
      toCondition(generation, 'Programmed', problems.programmed, undefined, programmedMessage(input)),
    ],
    discoveredEndpoints: found.length + input.discovered,
    totalEndpoints: all.length,
    healthyEndpoints: all.filter(({ health }) => health !== 'Unhealthy').length,
    ...(input.tailnet.lastSyncMs === undefined ? {} : { lastSync: formatStatusTime(input.tailnet.lastSyncMs) }),
    endpointStatus: all.slice(0, maxHosts),
  };
}

/** The hosts of an endpoint, which are left out when it is refused. */
function decidedHosts(endpoint: ServiceEndpoint, { tailnet, decisionOf }: StatusInput): HostStatus[] {
  const hosts = endpointToHosts(endpoint, tailnet);
  const decision = decisionOf(endpoint);
  if (decision.kind !== 'refused') return hosts;
  const { reason, detail } = decision.refused;
  const why = { health: 'Unhealthy', reason: formatRefusalReason(reason), message: detail } as const;
  return hosts.map((host) => Object.assign(host, why));
}

/** The endpoints that are no endpoints, each once. */
function refusedHosts({ findings }: StatusInput): HostStatus[] {
  const refused = findings.filter(({ effect }) => effect === 'endpoint-refused');
  const byPlace = Map.groupBy(refused, ({ path }) => /^spec\.endpoints\[\d+\]/.exec(path)?.[0] ?? path);
  return [...byPlace].map(([place, all]) => ({
    name: all[0]?.endpoint || place,
    health: 'Unhealthy',
    reason: all[0]?.reason ?? 'Invalid',
    message: summarize(all),
  }));
}
