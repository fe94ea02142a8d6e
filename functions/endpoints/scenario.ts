import {
  type GroupResult,
  type Locality,
  type LocalityRef,
  type Scenario,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { compareText } from '../compare-text.ts';
import { normalizeHost } from './device-address.ts';
import { endpointHost, listHosts } from './group-hosts.ts';

/** Lists the hosts that fail in a scenario: those that it names, and those of its devices and localities. */
export function findHostsDown(groups: readonly GroupResult[], scenario: Scenario): string[] {
  const devices = new Set(scenario.devicesDown.filter((name) => name !== ''));
  const isLocalityDown = createLocalityMatch(scenario.localitiesDown);
  const down = listHosts(groups).filter(
    ({ locality, endpoint }) =>
      devices.has(endpoint.deviceId) || devices.has(endpoint.deviceName) || isLocalityDown(locality),
  );
  return [...scenario.hostsDown, ...down.map(({ endpoint }) => endpointHost(endpoint))];
}

/**
 * Finds the parts of a scenario that are about nothing.
 *
 * @param healthy the groups with all their devices
 * @param present the groups without the devices that the scenario drains
 */
export function findUnmatched(
  healthy: readonly GroupResult[],
  present: readonly GroupResult[],
  scenario: Scenario,
): string[] {
  const hosts = listHosts(present);
  const hostNames = new Set(hosts.map(({ endpoint }) => endpointHost(endpoint)));
  const localities = hosts.map(({ locality }) => locality);
  const down = deviceNames(present);
  const drained = present === healthy ? down : deviceNames(healthy);
  const unmatched = [
    ...scenario.hostsDown.filter((host) => !hostNames.has(normalizeHost(host) ?? '')),
    ...scenario.devicesDown.filter((name) => !down.has(name)),
    ...scenario.devicesDrained.filter((name) => !drained.has(name)),
    ...findUnmatchedLocalities(localities, scenario.localitiesDown),
  ];
  return [...new Set(unmatched)].toSorted(compareText);
}

function deviceNames(groups: readonly GroupResult[]): ReadonlySet<string> {
  const names = listHosts(groups).flatMap(({ endpoint }) => [endpoint.deviceId, endpoint.deviceName]);
  return new Set(names.filter((name) => name !== ''));
}

function createLocalityMatch(refs: readonly LocalityRef[]): (locality: Locality) => boolean {
  const keys = new Set(refs.map(localityKey));
  return ({ region, zone }) => keys.has(localityKey({ region, zone: '' })) || keys.has(localityKey({ region, zone }));
}

function findUnmatchedLocalities(localities: readonly Locality[], refs: readonly LocalityRef[]): string[] {
  const keys = new Set(
    localities.flatMap(({ region, zone }) => [localityKey({ region, zone }), localityKey({ region, zone: '' })]),
  );
  return refs
    .filter((ref) => !keys.has(localityKey(ref)))
    .map(({ region, zone }) => (zone === '' ? region : `${region}/${zone}`));
}

function localityKey({ region, zone }: Pick<LocalityRef, 'region' | 'zone'>): string {
  return JSON.stringify([region, zone]);
}
