import { setImmediate as turn } from 'node:timers/promises';
import { compareText } from '../../functions/compare-text.ts';
import { GroupEndpoints } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { Group } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { EndpointRef } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { CustomResourceChange } from '../custom-resources/resource-source.ts';
import { formatResourceKey } from '../custom-resources/unique-resources.ts';
import { isSameValue } from '../same-value.ts';
import { type BatchResult, computeBatches } from './cluster-batches.ts';
import { answerToServices, createDecidedState, type DecidedService } from './decided-state.ts';
import { createDiscoverySchedule } from './discovery-schedule.ts';
import type { IndexedEndpoint } from './endpoint-index.ts';
import { computeGatewayRevisions } from './gateway-revisions.ts';
import type { EndpointDecision, GatewayStore, GatewayStoreOptions } from './gateway-state.ts';
import { createInlinedGroups, groupsOverXds } from './inlined-groups.ts';
import { createListeners } from './listeners.ts';
import { createRefusalLog } from './refusal-log.ts';
import { createWantedResources } from './wanted-resources.ts';

/** How soon a computation that failed is tried again at first, and at last. */
const retryMs = { first: 1000, last: 30_000 };

/**
 * Decides what is injected. A change computes the clusters of the services that it touches, and no others; an endpoint, its
 * cluster and its group count together, when they are computed. A computation that fails leaves what was decided before.
 */
export function createGatewayState(options: GatewayStoreOptions): GatewayStore {
  const { functions, clock, log } = options;
  const decided = createDecidedState();
  const inlined =
    options.clusterSettings.groupEndpoints === GroupEndpoints.INLINE
      ? createInlinedGroups(options.groupDefaults)
      : groupsOverXds;
  const wanted = createWantedResources({ ...options, devices: () => devices });
  const schedule = createDiscoverySchedule({ clock, onDue: discover });
  const refusals = createRefusalLog(log);
  const revisionListeners = createListeners(log);
  const resourceListeners = createListeners(log);
  const dirty = new Set<string>();
  let devices: readonly Device[] | undefined;
  let told = false;
  let synced = false;
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let failures = 0;
  let toldGroups: readonly Group[] = [];
  let revisions: ReadonlyMap<string, string> | undefined;
  let disarm = () => {};

  function changed(changes: readonly CustomResourceChange[]): void {
    for (const change of changes) {
      for (const service of wanted.apply(change)) dirty.add(service);
      for (const key of concernedBy(change)) {
        schedule.set(key, wanted.endpoints.get(key)?.converted.autoDiscovery);
        if (told) tellFindings(key);
      }
    }
    trigger();
  }

  /** The resources that are understood anew: of another tailnet, all that may choose it. */
  function concernedBy(change: CustomResourceChange): string[] {
    const identity = change.kind === 'set' ? change.resource : change.key;
    if (identity.kind !== 'TailscaleTailnet') return [formatResourceKey(identity)];
    return [...wanted.endpoints.values()]
      .filter(({ resource }) => resource.namespace === identity.namespace)
      .map(({ resource }) => formatResourceKey(resource));
  }

  function tellFindings(key: string): void {
    refusals.resource(key, wanted.endpoints.get(key) ?? wanted.policies.get(key));
  }

  function discover(key: string): void {
    for (const service of wanted.discover(key, devices ?? [])) dirty.add(service);
    if (told) tellFindings(key);
    trigger();
  }

  /** Decides as soon as everything that there was at the start has been told. */
  function trigger(): void {
    if (closed || !told) return;
    again = true;
    running ??= run();
  }

  async function run(): Promise<void> {
    do {
      again = false;
      disarm();
      await decide();
    } while (again && !closed);
    running = undefined;
  }

  async function decide(): Promise<void> {
    const asked = inlined.admit(new Map([...dirty].map((service) => [service, wanted.index.ofService(service)])));
    const policies = new Map(wanted.policies);
    dirty.clear();
    try {
      const result = await computeBatches(functions, {
        services: toInputs(asked),
        policies: [...policies.values()].flatMap(({ policy }) => policy ?? []),
        settings: options.clusterSettings,
        assignments: inlined.assignments,
      });
      const services = await encode(asked, result);
      if (closed) return;
      const revision = decided.revision();
      commit(asked, services);
      decided.setPolicies(policies);
      revisions = undefined;
      tellGroups();
      const isFirst = !synced && result.reached && inlined.awaited().length === 0;
      synced ||= isFirst;
      retry(result.failed);
      if (isFirst || decided.revision() !== revision) revisionListeners.call();
      resourceListeners.call();
    } catch (err) {
      retry([...asked.keys()].map((service) => ({ service, err })));
    }
  }

  function tellGroups(): void {
    const groups = wantedGroups();
    if (isSameValue(groups, toldGroups)) return;
    toldGroups = groups;
    options.onGroups?.(groups);
  }

  /** The groups that clusters stand for, and those that clusters wait for, which count where they are different. */
  function wantedGroups(): readonly Group[] {
    const awaited = inlined.awaited();
    if (awaited.length === 0) return decided.groups();
    const all = new Map([...decided.groups(), ...awaited].map((group) => [group.name, group]));
    return [...all.values()].toSorted((a, b) => compareText(a.name, b.name));
  }

  async function encode(asked: ReadonlyMap<string, readonly IndexedEndpoint[]>, { answered }: BatchResult) {
    const all: (readonly [string, DecidedService])[] = [];
    for (const { services, answer } of answered) {
      const part = new Map(services.map(({ service }) => [service, asked.get(service) ?? []]));
      for (const each of answerToServices(part, answer, options.groupDefaults)) all.push(each);
      if (answered.length > 1) await turn();
    }
    return all;
  }

  function commit(
    asked: ReadonlyMap<string, readonly IndexedEndpoint[]>,
    results: readonly (readonly [string, DecidedService])[],
  ): void {
    const gone = [...asked].filter(([, indexed]) => indexed.length === 0);
    for (const [service] of gone) decided.setService(service, undefined);
    for (const [service, result] of results) decided.setService(service, result);
    for (const [service] of [...gone, ...results]) refusals.service(service, decided.service(service));
  }

  function retry(failed: BatchResult['failed']): void {
    const [first] = failed;
    for (const { service } of failed) dirty.add(service);
    failures = first === undefined ? 0 : failures + 1;
    if (first === undefined || closed) return;
    const ms = Math.min(retryMs.first * 2 ** (failures - 1), retryMs.last);
    const services = failed.slice(0, 10).map(({ service }) => service);
    log.error(
      { err: first.err, count: failed.length, services, retryMs: ms },
      'failed to compute clusters: the last good ones stay',
    );
    disarm = clock.setTimeout(trigger, ms);
  }

  function begin(): void {
    told = true;
    // Not sooner: what one resource names may be told after it.
    for (const key of [...wanted.endpoints.keys(), ...wanted.policies.keys()]) tellFindings(key);
    trigger();
  }

  /** What discovers its endpoints had them before a restart: without devices it would lose them for a moment. */
  function resourcesSynced(): void {
    const isDiscovering = [...wanted.endpoints.values()].some(({ converted }) => converted.autoDiscovery !== undefined);
    if (!isDiscovering || devices !== undefined || options.deviceWaitMs <= 0) begin();
    else awaitDevices = clock.setTimeout(begin, options.deviceWaitMs);
  }
  let awaitDevices: (() => void) | undefined;

  function setDevices(next: readonly Device[]): void {
    devices = next;
    schedule.devicesChanged();
    if (awaitDevices !== undefined && !told) begin();
    awaitDevices?.();
  }

  function gatewayRevisions(): ReadonlyMap<string, string> {
    if (!synced) return new Map();
    revisions ??= computeGatewayRevisions({
      endpoints: decided.decided().map(({ cluster, hash }) => ({ ref: cluster.endpoint, hash })),
      policies: decided.decidedPolicies().flatMap(({ policy, digest }) => (policy ? [{ policy, digest }] : [])),
      gateways: [...wanted.gateways.values()],
      gatewayClasses: [...wanted.gatewayClasses.values()],
    });
    return revisions;
  }

  function decision({ namespace, resource, endpoint }: EndpointRef): EndpointDecision {
    const key = `${namespace}/${resource}/${endpoint}`;
    const service = decided.service(endpoint);
    const found = service?.endpoints.get(key);
    if (found !== undefined) return { kind: 'injected', decided: found };
    const refused = service?.refused.get(key);
    return refused === undefined ? { kind: 'pending' } : { kind: 'refused', refused };
  }

  return {
    get synced() {
      return synced;
    },
    get revision() {
      return decided.revision();
    },
    get endpoints() {
      return decided.endpoints();
    },
    get policies() {
      return decided.policies();
    },
    get clusters() {
      return decided.clusters();
    },
    get groups() {
      return decided.groups();
    },
    conversion: wanted.conversion,
    resources: wanted.endpoints,
    policyResources: wanted.policies,
    gateways: wanted.gateways,
    gatewayClasses: wanted.gatewayClasses,
    groupAssignments: inlined.assignments,
    groupResults(results) {
      for (const service of inlined.set(results)) dirty.add(service);
      if (dirty.size > 0) trigger();
    },
    observe: revisionListeners.add,
    observeResources: resourceListeners.add,
    gatewayRevisions,
    decision,
    sink: {
      changed,
      synced: resourcesSynced,
      failed: ({ place, detail }) => log.warn({ place, detail }, 'failed to read a resource'),
    },
    devices: setDevices,
    settled: () => running ?? Promise.resolve(),
    close() {
      closed = true;
      schedule.close();
      awaitDevices?.();
      disarm();
    },
  };
}

function toInputs(asked: ReadonlyMap<string, readonly IndexedEndpoint[]>) {
  const wanted = [...asked].filter(([, indexed]) => indexed.length > 0);
  return wanted
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, indexed]) => ({ service, endpoints: indexed.map(({ endpoint }) => endpoint) }));
}
