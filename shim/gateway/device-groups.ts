import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { buildGroupName } from '../../functions/service-endpoint/group-name.ts';
import { type Group, GroupSchema, Untagged } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';

/** What all groups have in common: the settings about localities and addresses. */
export type GroupDefaults = Pick<MessageInitShape<typeof GroupSchema>, 'discoveryTags' | 'addressFamily'>;

/**
 * The group of devices behind an endpoint that selects them by tags; undefined for another one. Devices without a
 * discovery tag count too: the resource has chosen them already.
 */
export function endpointToGroup({ ref, port, upstream }: ServiceEndpoint, defaults: GroupDefaults): Group | undefined {
  if (upstream.case !== 'selector') return undefined;
  return create(GroupSchema, {
    ...defaults,
    name: buildGroupName(ref),
    selectorTags: [...upstream.value.tags],
    tailnets: [...upstream.value.tailnets],
    port,
    untagged: Untagged.INCLUDED,
  });
}
