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

/** A priority with a smaller percentage of healthy hosts panics: Envoy's default, which no group changes. */
const panicThreshold = 50;

/**
 * Predicts the share of each locality and endpoint as Envoy's locality-weighted load balancing
 * gives it, with its whole percents of priorities and its overprovisioning (percent).
 *
 * Modelled, after `load_balancer_impl.cc` and `locality_wrr.cc` and tried on Envoy 1.40: the load of
 * each priority by its health, what goes on to the next one, priorities in panic (all hosts by their
 * weights, localities ignored), total panic, the effective weight of a locality with unhealthy hosts,
 * endpoint weights. Not modelled: degraded and excluded hosts, slow start, other panic thresholds than
 * 50. Of the policies, random ignores endpoint weights, and the hashing ones keep the full weight of a
 * locality while it has a healthy host.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight
 */
export function predictShares(localities: readonly PredictedLocality[], overprovisioning: number): Shares[] {
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
    return panics[priority] === true ? shareInPanic(members, load) : shareByLocality(members, load, overprovisioning);
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

/** All hosts of the priority by their own weights. */
function shareInPanic(members: readonly PredictedLocality[], load: number): Shares[] {
  const total = sumOf(members, ({ endpoints }) => sumOf(endpoints, ({ weight }) => weight));
  return members.map(({ endpoints }) => ({
    locality: (load * sumOf(endpoints, ({ weight }) => weight)) / total,
    endpoints: endpoints.map(({ weight }) => (load * weight) / total),
  }));
}

/** Localities by their effective weights, in them the healthy hosts by theirs. */
function shareByLocality(members: readonly PredictedLocality[], load: number, overprovisioning: number): Shares[] {
  const effectiveWeights = members.map((member) => {
    const available = countHealthy(member) / member.endpoints.length;
    return member.weight * Math.min(1, (overprovisioning / 100) * available);
  });
  const total = sumOf(effectiveWeights, (weight) => weight);
  return members.map(({ endpoints }, index) => {
    const effectiveWeight = effectiveWeights[index] ?? 0;
    const locality = effectiveWeight === 0 ? 0 : (load * effectiveWeight) / total;
    const healthyWeight = sumOf(endpoints, ({ weight, healthy }) => (healthy ? weight : 0));
    return {
      locality,
      endpoints: endpoints.map(({ weight, healthy }) => (healthy ? (locality * weight) / healthyWeight : 0)),
    };
  });
}

function countHealthy({ endpoints }: PredictedLocality): number {
  return endpoints.filter(({ healthy }) => healthy).length;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
