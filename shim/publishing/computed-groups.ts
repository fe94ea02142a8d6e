import type { GroupResult } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** What became of groups of devices by one publication. */
export interface ComputedGroups {
  /** The results of all groups that are wanted, by name. It lives: the next publication changes it. */
  readonly all: ReadonlyMap<string, GroupResult>;
  /**
   * The results that were computed anew, ordered by name. Those of all other groups are the same objects as
   * before. A result may be equal to the one before: its inputs changed, or time did.
   */
  readonly changed: readonly GroupResult[];
  /** The names of groups that are not wanted any more. */
  readonly gone: readonly string[];
}
