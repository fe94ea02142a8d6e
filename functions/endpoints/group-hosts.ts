import { type Endpoint, type GroupResult, type Locality } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** A host of a group, and its locality. */
export interface GroupHost {
  readonly locality: Locality;
  readonly endpoint: Endpoint;
}

/** All hosts of all groups; a device that is in several groups comes several times. */
export function listHosts(groups: readonly GroupResult[]): GroupHost[] {
  return groups.flatMap(({ localities }) =>
    localities.flatMap((locality) => locality.endpoints.map((endpoint) => ({ locality, endpoint }))),
  );
}

/** Names the host of an endpoint, in the one spelling of a computed result: `100.64.0.1:8080`, `[fd7a::1]:8080`. */
export function endpointHost({ address, port }: Pick<Endpoint, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
