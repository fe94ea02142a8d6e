import { toBinary } from '@bufbuild/protobuf';
import { type Group, GroupSchema } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type KnownDevice, selects } from './device-book.ts';

/** The groups that are wanted now, filed under a tag that they select by. */
export interface GroupBook {
  /** Puts a list in the place of the one before. Gives the names of groups that are new or different, and of those that are gone. */
  set(groups: readonly Group[]): { readonly changed: readonly string[]; readonly gone: readonly string[] };
  get(name: string): Group | undefined;
  /** The names of the groups that select a device, at the cost of the groups that are filed under its tags. */
  selecting(device: KnownDevice): readonly string[];
}

interface FiledGroup {
  readonly group: Group;
  readonly bytes: Uint8Array;
  /** One of its selector's tags; empty where it has none. */
  readonly tag: string;
}

/** A book without groups. */
export function createGroupBook(): GroupBook {
  let all = new Map<string, FiledGroup>();
  const byTag = new Map<string, Set<FiledGroup>>();

  function remove(filed: FiledGroup): void {
    const others = byTag.get(filed.tag);
    others?.delete(filed);
    if (others?.size === 0) byTag.delete(filed.tag);
  }

  function add(group: Group, bytes: Uint8Array): FiledGroup {
    const sizeOf = (tag: string) => byTag.get(tag)?.size ?? 0;
    const [tag = ''] = group.selectorTags.toSorted((a, b) => sizeOf(a) - sizeOf(b));
    const filed = { group, bytes, tag };
    const others = byTag.get(tag);
    if (others === undefined) byTag.set(tag, new Set([filed]));
    else others.add(filed);
    return filed;
  }

  return {
    set(groups) {
      const next = new Map<string, FiledGroup>();
      const changed: string[] = [];
      for (const group of groups) {
        const before = all.get(group.name);
        const bytes = before?.group === group ? before.bytes : toBinary(GroupSchema, group);
        if (before !== undefined && Buffer.compare(before.bytes, bytes) === 0) {
          next.set(group.name, before);
          continue;
        }
        if (before !== undefined) remove(before);
        next.set(group.name, add(group, bytes));
        changed.push(group.name);
      }
      const gone = [...all.keys()].filter((name) => !next.has(name));
      for (const name of gone) {
        const filed = all.get(name);
        if (filed !== undefined) remove(filed);
      }
      all = next;
      return { changed, gone };
    },
    get: (name) => all.get(name)?.group,
    selecting(device) {
      const names: string[] = [];
      for (const tag of ['', ...device.tags]) {
        for (const { group } of byTag.get(tag) ?? []) if (selects(group, device)) names.push(group.name);
      }
      return names;
    },
  };
}
