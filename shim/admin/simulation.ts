import type { GroupResult, Locality } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { defaultOverprovisioningFactor } from '../../functions/endpoints/locality.ts';
import { effectivePanicThreshold, predictShares } from '../../functions/endpoints/predicted-share.ts';
import { LoadBalancingPolicy, LoadBalancingPolicySchema } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';

/** What would become of groups if hosts were down: the JSON of `/simulate`. Shares are 0 to 1 of a group's requests. */
export interface Simulation {
  /** What was asked to be down, and the hosts that this is. */
  readonly down: readonly { readonly asked: string; readonly hosts: readonly string[] }[];
  /** The groups that are touched, or that were asked for, ordered by name. */
  readonly groups: readonly SimulatedGroup[];
  /** How many groups there are besides. */
  readonly untouched: number;
}

/** One group, before and after. */
export interface SimulatedGroup {
  readonly name: string;
  readonly localities: readonly SimulatedLocality[];
  /** Endpoints that would be healthy. */
  readonly healthy: number;
  /** Whether Envoy would panic: so few hosts are healthy that unhealthy ones get requests too. */
  readonly panic: boolean;
  /** Percent of healthy hosts below which it does; 0: never. */
  readonly panicThreshold: number;
  /** How the cluster picks a host, as the setting has it. Shares of `ring-hash` and `maglev` are those of many keys. */
  readonly policy: string;
}

/** One locality, before and after. */
export interface SimulatedLocality {
  /** The discovery tag; empty: none. */
  readonly region: string;
  readonly zone: string;
  readonly priority: number;
  readonly weight: number;
  readonly before: number;
  readonly after: number;
  readonly endpoints: readonly SimulatedEndpoint[];
}

/** One endpoint, before and after. */
export interface SimulatedEndpoint {
  readonly device: string;
  /** `address:port`. */
  readonly host: string;
  readonly weight: number;
  readonly down: boolean;
  readonly before: number;
  readonly after: number;
}

/** What is simulated. */
export interface SimulationQuery {
  /** Each a host, an address, a device (its name, the first part of it, or its id), or a discovery tag. */
  readonly down: readonly string[];
  /** Name of a group; absent: those that are touched, or all when nothing is down. */
  readonly group?: string;
}

/** A simulation, or why there is none: names that mean nothing. */
export type SimulationAnswer =
  | { readonly ok: true; readonly simulation: Simulation }
  | { readonly ok: false; readonly detail: string };

/**
 * Predicts the shares of groups with hosts down, by the function that predicts them for statuses. All other hosts are
 * taken as healthy: what Envoy's health checks found is known to Envoy alone.
 */
export function simulate(results: Iterable<GroupResult>, { down, group }: SimulationQuery): SimulationAnswer {
  const all = [...results].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const chosen = group === undefined ? all : all.filter(({ name }) => name === group);
  if (group !== undefined && chosen.length === 0) {
    return { ok: false, detail: `group: there is no ${JSON.stringify(group)}${suggest(all.map(({ name }) => name))}` };
  }
  const found = down.map((asked) => ({ asked, hosts: findHosts(asked, chosen) }));
  const unknown = found.find(({ hosts }) => hosts.length === 0);
  if (unknown !== undefined) {
    const hosts = chosen.flatMap(({ localities }) => localities.flatMap(toHosts));
    const detail = `down: ${JSON.stringify(unknown.asked)} is no host, device or tag that serves${suggest(hosts)}`;
    return { ok: false, detail };
  }
  const hosts = new Set(found.flatMap((each) => each.hosts));
  const touched = chosen.filter(
    ({ localities }) =>
      group !== undefined || hosts.size === 0 || localities.flatMap(toHosts).some((h) => hosts.has(h)),
  );
  const groups = touched.map((result) => simulateGroup(result, hosts));
  return { ok: true, simulation: { down: found, groups, untouched: all.length - groups.length } };
}

function simulateGroup(
  { name, localities, loadAssignment, loadBalancing }: GroupResult,
  down: ReadonlySet<string>,
): SimulatedGroup {
  const overprovisioning = loadAssignment?.policy?.overprovisioningFactor ?? defaultOverprovisioningFactor;
  const predict = (hosts: ReadonlySet<string>) =>
    predictShares(
      localities.map((locality) => {
        const { priority, weight, endpoints } = locality;
        const healthy = toHosts(locality).map((host) => !hosts.has(host));
        return {
          priority,
          weight,
          endpoints: endpoints.map(({ weight }, index) => ({ weight, healthy: healthy[index] ?? true })),
        };
      }),
      overprovisioning,
      loadBalancing,
    );
  const before = predict(new Set());
  const after = predict(down);
  const simulated = localities.map((locality, at): SimulatedLocality => {
    const { region, zone, priority, weight, endpoints } = locality;
    const hosts = toHosts(locality);
    return {
      region,
      zone,
      priority,
      weight,
      before: before[at]?.locality ?? 0,
      after: after[at]?.locality ?? 0,
      endpoints: endpoints.map(({ deviceName, weight }, index) => {
        const host = hosts[index] ?? '';
        return {
          device: deviceName,
          host,
          weight,
          down: down.has(host),
          before: before[at]?.endpoints[index] ?? 0,
          after: after[at]?.endpoints[index] ?? 0,
        };
      }),
    };
  });
  const endpoints = simulated.flatMap((locality) => locality.endpoints);
  return {
    name,
    localities: simulated,
    healthy: endpoints.filter((endpoint) => !endpoint.down).length,
    panic: endpoints.some((endpoint) => endpoint.down && endpoint.after > 0),
    panicThreshold: effectivePanicThreshold(loadBalancing),
    policy: formatPolicy(loadBalancing?.policy),
  };
}

/** `RING_HASH` as the setting has it: `ring-hash`. */
function formatPolicy(policy: LoadBalancingPolicy = LoadBalancingPolicy.UNSPECIFIED): string {
  const known = policy === LoadBalancingPolicy.UNSPECIFIED ? LoadBalancingPolicy.ROUND_ROBIN : policy;
  return (LoadBalancingPolicySchema.value[known]?.localName ?? 'unknown').toLowerCase().replaceAll('_', '-');
}

/** The hosts that a word means, each once. */
function findHosts(asked: string, groups: readonly GroupResult[]): string[] {
  const word = asked.toLowerCase();
  const hosts = groups.flatMap(({ localities }) =>
    localities.flatMap((locality) => {
      const hosts = toHosts(locality);
      return locality.endpoints.flatMap(({ deviceId, deviceName, address }, index) => {
        const host = hosts[index] ?? '';
        const name = deviceName.toLowerCase();
        const names = [host, address, deviceId, name, name.split('.', 1)[0], locality.region];
        return names.some((each) => each?.toLowerCase() === word) ? [host] : [];
      });
    }),
  );
  return [...new Set(hosts)].toSorted();
}

function toHosts({ endpoints }: Locality): string[] {
  return endpoints.map(({ address, port }) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`));
}

function suggest(known: readonly string[]): string {
  const names = [...new Set(known)];
  if (names.length === 0) return '; there are none';
  const more = names.length > 8 ? ' …' : '';
  return `; there are ${names.slice(0, 8).join(', ')}${more}`;
}
