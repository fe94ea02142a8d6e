import { type LoadBalancing, LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { isHashing } from '../upstream/load-balancing.ts';

/** What the prediction needs of a locality; localities are ordered by priority, and priorities contiguous from 0. */
export interface PredictedLocality {
  readonly priority: number;
  readonly weight: number;
  readonly endpoints: readonly { readonly weight: number; readonly healthy: boolean }[];
}

/** The predicted shares of one locality. */
export interface Shares {
  /** Share of the whole, 0 to 1. */
  readonly locality: number;
  /** Shares of the whole, in the order of the endpoints. */
  readonly endpoints: readonly number[];
}

/** What decides how much load a priority gets. */
interface PriorityHealth {
  readonly hosts: number;
  readonly healthyHosts: number;
  /** Whole percent of the load that the priority can take. */
  readonly availability: number;
}

/** How a group is balanced, as far as shares depend on it. */
interface Balancing {
  /** Percent. */
  readonly overprovisioning: number;
  readonly policy: LoadBalancingPolicy;
}

/** Envoy's own panic threshold, for groups that set none. */
const defaultPanicThreshold = 50;

/**
 * The percentage of healthy hosts below which a priority of a group panics; 0: it never does. Envoy rounds it.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/panic_threshold
 */
export function effectivePanicThreshold(settings: LoadBalancing | undefined): number {
  return Math.round(settings?.panicThreshold ?? defaultPanicThreshold);
}

/**
 * Predicts the share of each locality and endpoint as Envoy's locality-weighted load balancing
 * gives it, with its whole percents of priorities and its overprovisioning (percent).
 *
 * Modelled, after `load_balancer_impl.cc`, `thread_aware_lb_impl.cc` and `locality_wrr.cc` and tried on Envoy 1.40: the
 * load of each priority by its health, what goes on to the next one, the panic threshold, priorities in panic (all
 * hosts by their weights, localities ignored), total panic, the effective weight of a locality with unhealthy hosts,
 * endpoint weights. The hashing policies keep the whole weight of a locality while it has a host to pick, in panic too,
 * and their shares are those of many different keys; random ignores endpoint weights; least request is taken without
 * load, which would move shares to where answers are faster. Not modelled: degraded and excluded hosts, slow start.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight
 *
 * @param settings how the cluster balances; absent: round robin and Envoy's own panic threshold
 * @returns the shares in the order of the localities; all are 0 where Envoy would have no host to send to
 */
export function predictShares(
  localities: readonly PredictedLocality[],
  overprovisioning: number,
  settings?: LoadBalancing,
): Shares[] {
  const balancing = { overprovisioning, policy: settings?.policy ?? LoadBalancingPolicy.UNSPECIFIED };
  const panicThreshold = effectivePanicThreshold(settings);
  const priorities = groupByPriority(localities);
  const health = priorities.map((members) => measureHealth(members, overprovisioning));
  const totalAvailability = Math.min(
    100,
    sumOf(health, ({ availability }) => availability),
  );
  const panics = health.map(
    ({ hosts, healthyHosts }) => totalAvailability < 100 && (100 * healthyHosts) / hosts < panicThreshold,
  );
  const loads = panics.every(Boolean) ? loadsByHosts(health) : loadsByHealth(health, totalAvailability);
  return priorities.flatMap((members, priority) => {
    const load = (loads[priority] ?? 0) / 100;
    return panics[priority] === true ? shareInPanic(members, load, balancing) : shareHealthy(members, load, balancing);
  });
}

function groupByPriority(localities: readonly PredictedLocality[]): PredictedLocality[][] {
  const priorities: PredictedLocality[][] = [];
  for (const locality of localities) {
    (priorities[locality.priority] ??= []).push(locality);
  }
  return priorities;
}

function measureHealth(members: readonly PredictedLocality[], overprovisioning: number): PriorityHealth {
  const hosts = sumOf(members, ({ endpoints }) => endpoints.length);
  const healthyHosts = sumOf(members, countHealthy);
  return { hosts, healthyHosts, availability: Math.min(100, Math.floor((overprovisioning * healthyHosts) / hosts)) };
}

/** Each priority takes what its health allows of what is left; what rounding leaves goes to the first that has any. */
function loadsByHealth(health: readonly PriorityHealth[], totalAvailability: number): number[] {
  if (totalAvailability === 0) {
    // Without panic the first priority gets it all, though hardly anybody there may be healthy.
    return addTo(Array(health.length).fill(0), 0, 100);
  }
  let left = 100;
  const loads = health.map(({ availability }) => {
    const load = Math.min(left, Math.floor((availability * 100) / totalAvailability));
    left -= load;
    return load;
  });
  return addTo(
    loads,
    health.findIndex(({ availability }) => availability > 0),
    left,
  );
}

/** In total panic the load follows the number of hosts, healthy or not. */
function loadsByHosts(health: readonly PriorityHealth[]): number[] {
  const allHosts = sumOf(health, ({ hosts }) => hosts);
  const loads = health.map(({ hosts }) => Math.floor((100 * hosts) / allHosts));
  return addTo(loads, 0, 100 - sumOf(loads, (load) => load));
}

function addTo(loads: readonly number[], index: number, rest: number): number[] {
  return loads.map((load, priority) => (priority === index ? load + rest : load));
}

/** All hosts of the priority, healthy or not. */
function shareInPanic(members: readonly PredictedLocality[], load: number, { policy }: Balancing): Shares[] {
  const all = members.map(({ weight, endpoints }) => ({
    weight,
    hosts: endpoints.map((endpoint) => hostWeight(endpoint, policy)),
  }));
  return isHashing(policy)
    ? spread(all, load)
    : spread(
        all.map(({ hosts }) => ({ weight: sumOf(hosts, (weight) => weight), hosts })),
        load,
      );
}

/** Localities by their effective weights, in them the healthy hosts. */
function shareHealthy(members: readonly PredictedLocality[], load: number, balancing: Balancing): Shares[] {
  const { policy, overprovisioning } = balancing;
  const healthy = members.map((member) => {
    const available = isHashing(policy)
      ? 1
      : (overprovisioning / 100) * (countHealthy(member) / member.endpoints.length);
    return {
      weight: member.weight * Math.min(1, available),
      hosts: member.endpoints.map((endpoint) => (endpoint.healthy ? hostWeight(endpoint, policy) : 0)),
    };
  });
  return spread(healthy, load);
}

function hostWeight({ weight }: { readonly weight: number }, policy: LoadBalancingPolicy): number {
  return policy === LoadBalancingPolicy.RANDOM ? 1 : weight;
}

/** Spreads a load over localities by their weights and over the hosts of each by theirs; those without a host get none. */
function spread(
  localities: readonly { readonly weight: number; readonly hosts: readonly number[] }[],
  load: number,
): Shares[] {
  const weighed = localities.map(({ weight, hosts }) => {
    const hostsWeight = sumOf(hosts, (host) => host);
    return { weight: hostsWeight === 0 ? 0 : weight, hosts, hostsWeight };
  });
  const total = sumOf(weighed, ({ weight }) => weight);
  return weighed.map(({ weight, hosts, hostsWeight }) => {
    const locality = weight === 0 ? 0 : (load * weight) / total;
    return { locality, endpoints: hosts.map((host) => (host === 0 ? 0 : (locality * host) / hostsWeight)) };
  });
}

function countHealthy({ endpoints }: PredictedLocality): number {
  return endpoints.filter(({ healthy }) => healthy).length;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
