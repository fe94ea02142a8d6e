import { create } from '@bufbuild/protobuf';
import {
  EndpointSchema,
  type Group,
  type Locality,
  LocalitySchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { compareText } from '../compare-text.ts';
import { fitEndpointWeights, weighLocalities } from './locality-weight.ts';
import { type LocalityTag } from './locality-tag.ts';
import { type Member } from './member.ts';
import { predictShares, type Shares } from './predicted-share.ts';

/** Envoy's own overprovisioning factor, for groups that set none. */
export const defaultOverprovisioningFactor = 140;

/** Members that share priority, region and zone, before they are weighed. */
interface Cell {
  readonly priority: number;
  readonly localityTag: LocalityTag;
  readonly zone: string;
  readonly members: [string, Member][];
}

/**
 * Groups members into weighted localities, ordered by priority, region and zone, and predicts their
 * shares. Priorities become contiguous from 0. A region has its weight in every priority it is in,
 * since weights count among the localities of one priority only.
 *
 * @param members the members by the name of their host
 * @param unhealthy the hosts that are predicted to be down
 */
export function buildLocalities(
  members: ReadonlyMap<string, Member>,
  unhealthy: ReadonlySet<string>,
  { overprovisioningFactor, loadBalancing }: Pick<Group, 'overprovisioningFactor' | 'loadBalancing'>,
): Locality[] {
  const cells = groupMembers(members);
  const weights = weighCells(cells);
  const weighted = cells.map((cell, index) => {
    const endpointWeights = fitEndpointWeights(cell.members.map(([, { weight }]) => weight));
    return {
      cell,
      priority: cell.priority,
      weight: weights[index] ?? 1,
      endpoints: cell.members.map(([host, member], at) => ({
        member,
        weight: endpointWeights[at] ?? 1,
        healthy: !unhealthy.has(host),
      })),
    };
  });
  const shares = predictShares(weighted, overprovisioningFactor || defaultOverprovisioningFactor, loadBalancing);
  return weighted.map((locality, index) => toLocality(locality, shares[index] ?? { locality: 0, endpoints: [] }));
}

function groupMembers(members: ReadonlyMap<string, Member>): Cell[] {
  const cells = new Map<string, Cell>();
  const priorities = [...new Set([...members.values()].map(({ priority }) => priority))].toSorted((a, b) => a - b);
  const levels = new Map(priorities.map((priority, level) => [priority, level]));
  for (const [host, member] of members) {
    const { localityTag, zone } = member;
    const priority = levels.get(member.priority) ?? 0;
    const key = JSON.stringify([priority, localityTag.tag, zone]);
    const cell = cells.get(key);
    if (cell === undefined) {
      cells.set(key, { priority, localityTag, zone, members: [[host, member]] });
    } else {
      cell.members.push([host, member]);
    }
  }
  for (const cell of cells.values()) {
    cell.members.sort(([, a], [, b]) => compareText(a.address.sortKey, b.address.sortKey) || a.port - b.port);
  }
  return [...cells.values()].toSorted(
    (a, b) =>
      a.priority - b.priority || compareText(a.localityTag.tag, b.localityTag.tag) || compareText(a.zone, b.zone),
  );
}

/** The weight of each cell, among those of its priority. */
function weighCells(cells: readonly Cell[]): number[] {
  const priorities = Map.groupBy(cells, ({ priority }) => priority);
  return [...priorities.values()].flatMap((members) =>
    weighLocalities(
      members.map((cell) => ({
        region: cell.localityTag.tag,
        regionWeight: cell.localityTag.weight,
        endpointWeight: cell.members.reduce((sum, [, { weight }]) => sum + weight, 0),
      })),
    ),
  );
}

interface WeightedCell {
  readonly cell: Cell;
  readonly weight: number;
  readonly endpoints: readonly { readonly member: Member; readonly weight: number; readonly healthy: boolean }[];
}

function toLocality({ cell, weight, endpoints }: WeightedCell, shares: Shares): Locality {
  return create(LocalitySchema, {
    region: cell.localityTag.tag,
    zone: cell.zone,
    priority: cell.priority,
    weight,
    weightSource: cell.localityTag.weightSource,
    share: shares.locality,
    endpoints: endpoints.map(({ member, weight, healthy }, index) =>
      create(EndpointSchema, {
        deviceId: member.device.id,
        deviceName: member.device.name,
        address: member.address.text,
        port: member.port,
        weight,
        weightSource: member.weightSource,
        share: shares.endpoints[index] ?? 0,
        healthy,
      }),
    ),
  });
}
