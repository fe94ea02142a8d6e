import type { Group } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';

/** What is known of a tailnet: its devices; nothing yet; that they cannot be read for now; or that there is no such one. */
export type TailnetKnowledge = 'known' | 'waiting' | 'failed' | 'absent';

/** Lets groups through as soon as the devices that they are made of are known. */
export interface GroupGate {
  /** The groups that are wanted from now on. */
  groups(groups: readonly Group[]): void;
  /** What is known of tailnets may be something else now. */
  changed(): void;
}

/** What a gate is made of. */
export interface GroupGateOptions {
  readonly knowledgeOf: (tailnet: string) => TailnetKnowledge;
  /** Whether a group of which nothing is known goes through as an empty one, once its tailnets cannot be read. */
  readonly passUnread: boolean;
  /** Told of the groups that are through, whenever these are others. */
  readonly onGroups: (groups: readonly Group[]) => void;
}

/**
 * Holds back groups of tailnets that were never read, since an empty answer would take away what Envoys have from a former
 * run. Of several tailnets one that is known is enough, once it is settled that the others are not to be had for now.
 * A group that is through and is to be made of other tailnets stays as it was until these are known.
 */
export function createGroupGate({ knowledgeOf, passUnread, onGroups }: GroupGateOptions): GroupGate {
  let wanted: readonly Group[] = [];
  let through: ReadonlyMap<string, Group> = new Map();

  function isReady({ tailnets }: Group): boolean {
    const found = new Set((tailnets.length === 0 ? [''] : tailnets).map(knowledgeOf));
    if (found.has('waiting')) return false;
    return passUnread || found.has('known') || !found.has('failed');
  }

  function pass(): void {
    const next = new Map<string, Group>();
    for (const group of wanted) {
      const passed = isReady(group) ? group : through.get(group.name);
      if (passed !== undefined) next.set(group.name, passed);
    }
    const before = [...through.values()];
    const after = [...next.values()];
    through = next;
    if (before.length !== after.length || before.some((group, index) => group !== after[index])) onGroups(after);
  }

  return {
    groups(groups) {
      wanted = groups;
      pass();
    },
    changed: pass,
  };
}
