import { type Group, WeightSource } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type RefusedMetadata } from './device-settings.ts';
import { type TagWeight } from './tag-weight.ts';
import { findWeight, weightRule } from './weight.ts';

/** A tag of a device with what it says about weight. */
export interface DeviceTag {
  readonly text: string;
  readonly weight: TagWeight;
}

/** The tag that names a device's region. */
export interface LocalityTag {
  readonly tag: string;
  /** The region's weight; absent: the sum of its endpoints' weights. */
  readonly weight: number | undefined;
  readonly weightSource: WeightSource;
}

/** The choice among a device's tags. */
export interface LocalityTagChoice {
  /** Absent: the device carries no discovery tag. */
  readonly chosen: LocalityTag | undefined;
  /** Tags that would have named a region but do not. */
  readonly refused: readonly RefusedMetadata[];
}

/**
 * Chooses the discovery tag that names a device's region. A device is in one locality only: of
 * several discovery tags the one with the highest weight counts, and of equal ones the first in the
 * order of their texts. So a device that is moved from `tag:weight-1` to `tag:weight-2` counts as
 * moved once it has both.
 *
 * @param tags the device's tags, each once, ordered by text
 * @param discoveryTags the group's discovery tags; empty: every tag with a valid weight
 */
export function chooseLocalityTag(
  tags: readonly DeviceTag[],
  discoveryTags: ReadonlySet<string>,
  localityWeights: Group['localityWeights'],
): LocalityTagChoice {
  const candidates: LocalityTag[] = [];
  const refused: RefusedMetadata[] = [];
  for (const tag of tags) {
    if (discoveryTags.size === 0 ? tag.weight.kind === 'valid' : discoveryTags.has(tag.text)) {
      candidates.push(weighTag(tag, localityWeights));
    } else if (discoveryTags.size === 0 && tag.weight.kind === 'invalid') {
      refused.push(refuseTag(tag.text, `${tag.text} makes no locality: ${weightRule}.`));
    }
  }
  const chosen = heaviest(candidates);
  for (const candidate of candidates) {
    if (candidate !== chosen) {
      const detail = `A device is in one locality only, that of its heaviest discovery tag: ${chosen?.tag}.`;
      refused.push(refuseTag(candidate.tag, detail));
    } else if (isUnreadable(candidate, tags)) {
      const detail = `${candidate.tag} gives no weight, the sum of its endpoints' counts: ${weightRule}.`;
      refused.push(refuseTag(candidate.tag, detail));
    }
  }
  return { chosen, refused };
}

function weighTag(tag: DeviceTag, localityWeights: Group['localityWeights']): LocalityTag {
  const own = findWeight(localityWeights, tag.text);
  if (own !== undefined) {
    return { tag: tag.text, weight: own, weightSource: WeightSource.RESOURCE };
  }
  return tag.weight.kind === 'valid'
    ? { tag: tag.text, weight: tag.weight.weight, weightSource: WeightSource.TAG }
    : { tag: tag.text, weight: undefined, weightSource: WeightSource.SUM };
}

function heaviest(candidates: readonly LocalityTag[]): LocalityTag | undefined {
  let chosen: LocalityTag | undefined;
  for (const candidate of candidates) {
    if (chosen === undefined || (candidate.weight ?? 0) > (chosen.weight ?? 0)) {
      chosen = candidate;
    }
  }
  return chosen;
}

/** Whether a weight was meant to be in the tag, would have counted, and is not valid. */
function isUnreadable(candidate: LocalityTag, tags: readonly DeviceTag[]): boolean {
  return (
    candidate.weightSource === WeightSource.SUM &&
    tags.some((tag) => tag.text === candidate.tag && tag.weight.kind === 'invalid')
  );
}

function refuseTag(tag: string, detail: string): RefusedMetadata {
  return { subject: tag, value: tag, detail };
}
