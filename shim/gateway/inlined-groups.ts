import { toBinary } from '@bufbuild/protobuf';
import { buildGroupName, parseGroupName } from '../../functions/service-endpoint/group-name.ts';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import type { Group, GroupResult } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { digestOf } from './content-digest.ts';
import { endpointToGroup, type GroupDefaults } from './device-groups.ts';
import type { IndexedEndpoint } from './endpoint-index.ts';

/** The endpoints of services that are to be decided, by service. */
export type AskedServices = ReadonlyMap<string, readonly IndexedEndpoint[]>;

/** The hosts of groups that stand in clusters themselves. */
export interface InlinedGroups {
  /** The services all of whose groups are known. The others wait, and stay as they are decided. */
  admit(asked: AskedServices): AskedServices;
  /** The groups that are waited for. */
  awaited(): readonly Group[];
  /** The load assignments behind endpoints, as far as they are known. */
  assignments(endpoints: readonly ServiceEndpoint[]): ClusterLoadAssignment[];
  /** Takes what became of groups; tells the services whose clusters are others now. */
  set(results: readonly GroupResult[]): readonly string[];
}

/** Groups whose hosts the xDS server tells: no cluster waits for them, or changes with them. */
export const groupsOverXds: InlinedGroups = {
  admit: (asked) => asked,
  awaited: () => [],
  assignments: () => [],
  set: () => [],
};

interface KnownGroup {
  readonly result: GroupResult;
  readonly assignment: ClusterLoadAssignment;
  readonly digest: string;
}

/** No groups known. */
export function createInlinedGroups(defaults: GroupDefaults): InlinedGroups {
  const known = new Map<string, Map<string, KnownGroup>>();
  const waiting = new Map<string, readonly Group[]>();

  function admitService(service: string, indexed: readonly IndexedEndpoint[]): boolean {
    const groups = indexed.flatMap(({ endpoint }) => endpointToGroup(endpoint, defaults) ?? []);
    const names = new Set(groups.map(({ name }) => name));
    const ofService = known.get(service);
    for (const name of ofService?.keys() ?? []) if (!names.has(name)) ofService?.delete(name);
    const isKnown = groups.every(({ name }) => ofService?.has(name));
    if (isKnown) waiting.delete(service);
    else waiting.set(service, groups);
    return isKnown;
  }

  function setGroup(service: string, result: GroupResult): boolean {
    const { name, loadAssignment: assignment } = result;
    const before = known.get(service)?.get(name);
    if (assignment === undefined || before?.result === result) return false;
    const digest = digestOf(toBinary(ClusterLoadAssignmentSchema, assignment));
    const ofService = known.get(service) ?? new Map<string, KnownGroup>();
    known.set(service, ofService.set(name, { result, assignment, digest }));
    return before?.digest !== digest;
  }

  return {
    admit: (asked) => new Map([...asked].filter(([service, indexed]) => admitService(service, indexed))),
    awaited: () => [...waiting.values()].flat(),
    assignments: (endpoints) =>
      endpoints.flatMap(({ ref }) => known.get(ref?.endpoint ?? '')?.get(buildGroupName(ref))?.assignment ?? []),
    set(results) {
      const changed = new Set<string>();
      for (const result of results) {
        const service = parseGroupName(result.name)?.endpoint;
        if (service !== undefined && setGroup(service, result)) changed.add(service);
      }
      return [...changed];
    },
  };
}
