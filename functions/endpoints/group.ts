import { create } from '@bufbuild/protobuf';
import {
  type Exclusion,
  ExclusionReason,
  ExclusionSchema,
  type Group,
  type GroupResult,
  GroupResultSchema,
  type Refusal,
  RefusalSchema,
  Untagged,
  WeightSource,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { LoadBalancingPolicy } from '../../proto/gen/tailway/upstream/v1/upstream_pb.ts';
import { compareText } from '../compare-text.ts';
import { chooseAddress, formatHost, preferredFamilies } from './device-address.ts';
import { type Ineligibility } from './device-eligibility.ts';
import { type RefusedMetadata } from './device-settings.ts';
import { earlier, type Instant } from './instant.ts';
import { buildLoadAssignment } from './load-assignment.ts';
import { buildLocalities } from './locality.ts';
import { chooseLocalityTag, type LocalityTag } from './locality-tag.ts';
import { type Member } from './member.ts';
import { type PreparedDevice } from './prepared-device.ts';
import { findWeight, weightRule } from './weight.ts';

/** What became of a group, and until when it stays so. */
export interface GroupDecision {
  readonly result: GroupResult;
  /** The first moment after now at which time alone changes the result; absent: never. */
  readonly changesAt: Instant | undefined;
}

/** A device's place in a group, or why it has none; and its metadata that does not count. */
type Placement =
  | { readonly kind: 'member'; readonly member: Member; readonly refused: readonly RefusedMetadata[] }
  | { readonly kind: 'excluded'; readonly why: Ineligibility };

/** Where devices without a discovery tag are, in groups that include them. */
const untagged: LocalityTag = { tag: '', weight: undefined, weightSource: WeightSource.SUM };

/**
 * Decides one group.
 *
 * @param devices the devices that the group selects, ordered by identifier
 * @param unhealthy the hosts that the predicted shares take as unhealthy, as `formatHost` names them
 */
export function computeGroup(
  group: Group,
  devices: readonly PreparedDevice[],
  unhealthy: ReadonlySet<string>,
): GroupDecision {
  const members = new Map<string, Member>();
  const excluded: Exclusion[] = [];
  const refused: Refusal[] = [];
  let changesAt: Instant | undefined;
  const discoveryTags = new Set(group.discoveryTags);

  for (const prepared of devices) {
    const { device, eligibility, settings } = prepared;
    changesAt = earlier(changesAt, eligibility.changesAt);
    const placement = placeDevice(prepared, group, discoveryTags);
    if (placement.kind === 'excluded') {
      excluded.push(exclude(prepared, placement.why));
      continue;
    }
    changesAt = earlier(changesAt, settings.changesAt);
    const host = formatHost(placement.member.address, placement.member.port);
    const holder = members.get(host);
    if (holder !== undefined) {
      excluded.push(exclude(prepared, duplicateOf(holder, host)));
      continue;
    }
    members.set(host, placement.member);
    refused.push(...placement.refused.map((metadata) => refuse(device.id, metadata)));
  }

  const localities = buildLocalities(members, unhealthy, group);
  const result = create(GroupResultSchema, {
    name: group.name,
    loadAssignment: buildLoadAssignment(group.name, localities, group.overprovisioningFactor),
    excluded,
    localities,
    refused,
    ...(group.loadBalancing === undefined ? {} : { loadBalancing: group.loadBalancing }),
  });
  return { result, changesAt };
}

function placeDevice(prepared: PreparedDevice, group: Group, discoveryTags: ReadonlySet<string>): Placement {
  const { device, eligibility, settings } = prepared;
  if (eligibility.ineligible !== undefined) {
    return { kind: 'excluded', why: eligibility.ineligible };
  }
  const { chosen, refused } = chooseLocalityTag(prepared.tags, discoveryTags, group.localityWeights);
  if (chosen === undefined && group.untagged !== Untagged.INCLUDED) {
    return { kind: 'excluded', why: withoutTag(discoveryTags, refused) };
  }
  const address = chooseAddress(prepared.addresses, group.addressFamily);
  if (address === undefined) {
    return { kind: 'excluded', why: withoutAddress(group) };
  }
  const member: Member = {
    device,
    localityTag: chosen ?? untagged,
    zone: settings.zone,
    priority: settings.priority,
    address,
    port: settings.port ?? group.port,
    ...weighEndpoint(prepared, group),
  };
  return {
    kind: 'member',
    member,
    refused: sortRefused([...refused, ...settings.refused, ...findIgnoredWeight(member, group)]),
  };
}

/** Envoy is given the weight all the same: a locality without a weight of its own has the sum of them. */
function findIgnoredWeight({ weight, weightSource }: Member, { loadBalancing }: Group): RefusedMetadata[] {
  if (loadBalancing?.policy !== LoadBalancingPolicy.RANDOM || weightSource !== WeightSource.ATTRIBUTE || weight === 1) {
    return [];
  }
  const detail =
    'custom:lb-weight does not count among the hosts of a locality: ' +
    'with the load-balancing policy random Envoy picks each of them as often.';
  return [{ subject: 'custom:lb-weight', value: String(weight), detail }];
}

function weighEndpoint({ device, settings }: PreparedDevice, group: Group): Pick<Member, 'weight' | 'weightSource'> {
  const own = findWeight(group.endpointWeights, device.id);
  if (own !== undefined) {
    return { weight: own, weightSource: WeightSource.RESOURCE };
  }
  return settings.weight === undefined
    ? { weight: 1, weightSource: WeightSource.DEFAULT }
    : { weight: settings.weight, weightSource: WeightSource.ATTRIBUTE };
}

function withoutTag(discoveryTags: ReadonlySet<string>, refused: readonly RefusedMetadata[]): Ineligibility {
  const invalid = refused.map(({ subject }) => subject).join(', ');
  const detail =
    discoveryTags.size > 0
      ? "The device carries none of the group's discovery tags."
      : invalid === ''
        ? 'The device carries no tag that ends on weight-N.'
        : `The device carries no tag that ends on weight-N, but ${invalid}: ${weightRule}.`;
  return { reason: ExclusionReason.NO_DISCOVERY_TAG, detail };
}

function withoutAddress(group: Group): Ineligibility {
  const [first, second] = preferredFamilies(group.addressFamily);
  const detail = `The device has no valid ${second === undefined ? `IPv${first}` : 'IPv4 or IPv6'} address.`;
  return { reason: ExclusionReason.NO_ADDRESS, detail };
}

function duplicateOf(holder: Member, host: string): Ineligibility {
  return { reason: ExclusionReason.DUPLICATE_ADDRESS, detail: `Device ${holder.device.id} has ${host} already.` };
}

function exclude({ device }: PreparedDevice, why: Ineligibility): Exclusion {
  return create(ExclusionSchema, { deviceId: device.id, deviceName: device.name, ...why });
}

function refuse(deviceId: string, { subject, value, detail }: RefusedMetadata): Refusal {
  return create(RefusalSchema, { deviceId, subject, value, detail });
}

function sortRefused(refused: readonly RefusedMetadata[]): RefusedMetadata[] {
  return refused.toSorted((a, b) => compareText(a.subject, b.subject) || compareText(a.value, b.value));
}
