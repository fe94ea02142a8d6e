import { toBinary } from '@bufbuild/protobuf';
import { compareText } from '../../functions/compare-text.ts';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { ComputeClustersResponse, RefusedEndpoint } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { Group } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { createContentDigest, digestOf, hashContent } from './content-digest.ts';
import { endpointToGroup, type GroupDefaults } from './device-groups.ts';
import type { IndexedEndpoint } from './endpoint-index.ts';
import type { EncodedCluster } from './encoded-cluster.ts';
import { createSortedList } from './sorted-list.ts';

/** An endpoint of which everything is decided. */
export interface DecidedEndpoint {
  readonly endpoint: ServiceEndpoint;
  /** Of the endpoint and its cluster. */
  readonly digest: string;
  /** The same as a number, the name included. */
  readonly hash: bigint;
  readonly cluster: EncodedCluster;
  /** How its hosts are found. */
  readonly detail: string;
  readonly group: Group | undefined;
}

/** What is decided about a service. */
export interface DecidedService {
  readonly endpoints: ReadonlyMap<string, DecidedEndpoint>;
  readonly refused: ReadonlyMap<string, RefusedEndpoint>;
}

/** A policy, unless it is refused, and a hash of its content. */
export interface DecidedPolicy {
  readonly policy: RoutePolicy | undefined;
  readonly digest: string;
}

/** What is injected, and what follows from it; each list is the same array while nothing in it changes. */
export interface DecidedState {
  /** Puts a decision in the place of the one before; undefined: there is no such service any more. */
  setService(service: string, decided: DecidedService | undefined): void;
  /** Puts all policies in the place of those before. */
  setPolicies(next: ReadonlyMap<string, DecidedPolicy>): void;
  service(service: string): DecidedService | undefined;
  revision(): string;
  decided(): readonly DecidedEndpoint[];
  endpoints(): readonly ServiceEndpoint[];
  policies(): readonly RoutePolicy[];
  /** The policies with the hashes of their content. */
  decidedPolicies(): readonly DecidedPolicy[];
  clusters(): readonly EncodedCluster[];
  groups(): readonly Group[];
}

/** Nothing decided. */
export function createDecidedState(): DecidedState {
  const services = new Map<string, DecidedService>();
  const decided = createSortedList<DecidedEndpoint>();
  const endpoints = createSortedList<ServiceEndpoint>();
  const clusters = createSortedList<EncodedCluster>();
  const groups = createSortedList<Group>();
  const policies = createSortedList<RoutePolicy>();
  const decidedPolicies = createSortedList<DecidedPolicy>();
  const digest = createContentDigest();

  function remove(key: string, { cluster, group }: DecidedEndpoint): void {
    digest.set(`endpoint ${key}`, undefined);
    decided.delete(key);
    endpoints.delete(key);
    clusters.delete(cluster.name);
    if (group !== undefined) groups.delete(group.name);
  }

  function add(key: string, each: DecidedEndpoint): void {
    digest.set(`endpoint ${key}`, each.digest);
    decided.set(key, each);
    endpoints.set(key, each.endpoint);
    clusters.set(each.cluster.name, each.cluster);
    if (each.group !== undefined) groups.set(each.group.name, each.group);
  }

  const known = new Set<string>();

  function setPolicy(key: string, next: DecidedPolicy | undefined): void {
    if (!digest.set(`policy ${key}`, next?.digest)) return;
    if (next?.policy === undefined) {
      known.delete(key);
      policies.delete(key);
      decidedPolicies.delete(key);
    } else {
      known.add(key);
      policies.set(key, next.policy);
      decidedPolicies.set(key, next);
    }
  }

  return {
    setService(service, next) {
      const before = services.get(service)?.endpoints ?? new Map<string, DecidedEndpoint>();
      const after = next?.endpoints ?? new Map<string, DecidedEndpoint>();
      const isOther = (key: string) => before.get(key)?.digest !== after.get(key)?.digest;
      // All that goes goes first: a cluster's name may be another endpoint's from now on.
      for (const [key, each] of before) if (isOther(key)) remove(key, each);
      for (const [key, each] of after) if (isOther(key)) add(key, each);
      if (next === undefined) services.delete(service);
      else services.set(service, next);
    },
    setPolicies(next) {
      for (const key of known) if (next.get(key)?.policy === undefined) setPolicy(key, undefined);
      for (const [key, each] of next) if (each.policy !== undefined) setPolicy(key, each);
    },
    service: (service) => services.get(service),
    revision: digest.value,
    decided: decided.values,
    endpoints: endpoints.values,
    policies: policies.values,
    decidedPolicies: decidedPolicies.values,
    clusters: clusters.values,
    groups: groups.values,
  };
}

/** Sorts an answer by the services that were asked about. */
export function answerToServices(
  asked: ReadonlyMap<string, readonly IndexedEndpoint[]>,
  answer: ComputeClustersResponse,
  defaults: GroupDefaults,
): ReadonlyMap<string, DecidedService> {
  const clusters = Map.groupBy(answer.clusters, ({ endpoint }) => endpoint?.endpoint ?? '');
  const refused = Map.groupBy(answer.refused, ({ endpoint }) => endpoint?.endpoint ?? '');
  const result = new Map<string, DecidedService>();
  for (const [service, indexed] of asked) {
    const byKey = new Map(indexed.map((each) => [each.key, each]));
    const endpoints = new Map<string, DecidedEndpoint>();
    for (const { cluster, endpoint: ref, group, detail } of clusters.get(service) ?? []) {
      const wanted = byKey.get(formatReference(ref));
      if (cluster === undefined || wanted?.endpoint.ref === undefined) continue;
      const body = toBinary(ClusterSchema, cluster);
      const digest = digestOf(`${wanted.digest} ${digestOf(body)}`);
      endpoints.set(wanted.key, {
        endpoint: wanted.endpoint,
        digest,
        hash: hashContent(`endpoint ${wanted.key}`, digest),
        cluster: { name: cluster.name, body, endpoint: wanted.endpoint.ref },
        detail,
        group: group === '' ? undefined : endpointToGroup(wanted.endpoint, defaults),
      });
    }
    const refusals = (refused.get(service) ?? []).map((each) => [formatReference(each.endpoint), each] as const);
    result.set(service, { endpoints, refused: new Map(refusals.toSorted(([a], [b]) => compareText(a, b))) });
  }
  return result;
}
