import { create } from '@bufbuild/protobuf';
import {
  type Endpoint,
  EndpointState,
  type EndpointSimulation,
  EndpointSimulationSchema,
  type GroupResult,
  type GroupSimulation,
  GroupSimulationSchema,
  type Locality,
  type LocalitySimulation,
  LocalitySimulationSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** Two states of one thing; one of them may be missing. */
interface Pair<T> {
  readonly healthy: T | undefined;
  readonly simulated: T | undefined;
}

/**
 * Puts the shares of a group in a scenario beside those with all healthy.
 *
 * @param healthy the group with all its devices, all of them up
 * @param simulated the same group in the scenario
 */
export function compareGroup(healthy: GroupResult | undefined, simulated: GroupResult): GroupSimulation {
  const localities = pairLocalities(healthy?.localities ?? [], simulated.localities).map(compareLocality);
  return create(GroupSimulationSchema, {
    name: simulated.name,
    localities,
    detail: describe(localities.flatMap(({ endpoints }) => endpoints)),
  });
}

/** A locality is the same when it has a device in common: levels of priority move up when those before them are empty. */
function pairLocalities(healthy: readonly Locality[], simulated: readonly Locality[]): Pair<Locality>[] {
  const byDevice = new Map(
    healthy.flatMap((locality) => locality.endpoints.map(({ deviceId }) => [deviceId, locality] as const)),
  );
  const counterparts = new Map<Locality, Locality>();
  const added: Locality[] = [];
  for (const locality of simulated) {
    const known = locality.endpoints.map(({ deviceId }) => byDevice.get(deviceId)).find((base) => base !== undefined);
    if (known === undefined) {
      added.push(locality);
    } else {
      counterparts.set(known, locality);
    }
  }
  return [
    ...healthy.map((locality) => ({ healthy: locality, simulated: counterparts.get(locality) })),
    ...added.map((locality) => ({ healthy: undefined, simulated: locality })),
  ];
}

function pairEndpoints(healthy: readonly Endpoint[], simulated: readonly Endpoint[]): Pair<Endpoint>[] {
  const before = new Set(healthy.map(({ deviceId }) => deviceId));
  const after = new Map(simulated.map((endpoint) => [endpoint.deviceId, endpoint]));
  return [
    ...healthy.map((endpoint) => ({ healthy: endpoint, simulated: after.get(endpoint.deviceId) })),
    ...simulated
      .filter(({ deviceId }) => !before.has(deviceId))
      .map((endpoint) => ({ healthy: undefined, simulated: endpoint })),
  ];
}

function compareLocality({ healthy, simulated }: Pair<Locality>): LocalitySimulation {
  const known = healthy ?? simulated;
  return create(LocalitySimulationSchema, {
    region: known?.region ?? '',
    zone: known?.zone ?? '',
    priority: known?.priority ?? 0,
    ...compareShares({ healthy, simulated }),
    endpoints: pairEndpoints(healthy?.endpoints ?? [], simulated?.endpoints ?? []).map(compareEndpoint),
  });
}

function compareEndpoint({ healthy, simulated }: Pair<Endpoint>): EndpointSimulation {
  const known = simulated ?? healthy;
  return create(EndpointSimulationSchema, {
    deviceId: known?.deviceId ?? '',
    deviceName: known?.deviceName ?? '',
    address: known?.address ?? '',
    port: known?.port ?? 0,
    ...compareShares({ healthy, simulated }),
    state: toState(simulated),
  });
}

function compareShares({ healthy, simulated }: Pair<{ readonly share: number }>) {
  const [share, healthyShare] = [simulated?.share ?? 0, healthy?.share ?? 0];
  return { share, healthyShare, change: share - healthyShare };
}

function toState(simulated: Endpoint | undefined): EndpointState {
  if (simulated === undefined) {
    return EndpointState.DRAINED;
  }
  return simulated.healthy ? EndpointState.UP : EndpointState.DOWN;
}

function describe(endpoints: readonly EndpointSimulation[]): string {
  const present = endpoints.filter(({ state }) => state !== EndpointState.DRAINED);
  if (present.length === 0) {
    return 'No endpoint is left: Envoy answers 503.';
  }
  const down = present.filter(({ state }) => state === EndpointState.DOWN);
  const lost = down.reduce((sum, { share }) => sum + share, 0);
  const up = `${present.length - down.length} of ${endpoints.length} endpoints are up`;
  if (lost > 0) {
    return `${up}: too few, so that Envoy panics and sends ${(100 * lost).toFixed(1)} % of the requests to hosts that are down.`;
  }
  if (present.every(({ share }) => share === 0)) {
    return `${up}, and Envoy does not panic: it answers 503.`;
  }
  const changed = endpoints.some(({ change }) => change !== 0);
  return changed ? `${up}, and they take all requests.` : `${up}: nothing changes.`;
}
