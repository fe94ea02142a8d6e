import { create } from '@bufbuild/protobuf';
import {
  type ComputeEndpointsRequest,
  type ComputeEndpointsResponse,
  ComputeEndpointsResponseSchema,
} from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { sortDevices, sortGroups } from './canonical-order.ts';
import { normalizeHost } from './device-address.ts';
import { indexDevices } from './device-index.ts';
import { computeGroup } from './group.ts';
import { earlier, type Instant, instantToTimestamp, timestampToInstant } from './instant.ts';

/**
 * Computes the load assignment of each group, with the reason of every decision. Total: whatever the
 * request holds, it gets an answer, and the same content gets the same bytes in whatever order its
 * lists and maps are. What makes a request invalid is the handler's to say.
 *
 * The cost grows with the devices plus, for each group, the devices that it selects.
 */
export function computeEndpoints(request: ComputeEndpointsRequest): ComputeEndpointsResponse {
  const now = request.now === undefined ? 0n : timestampToInstant(request.now);
  const index = indexDevices(sortDevices(request.devices), now);
  const unhealthy = new Set(request.unhealthy.map(normalizeHost).filter((host) => host !== undefined));

  let validUntil: Instant | undefined;
  const groups = sortGroups(request.groups).map((group) => {
    const { result, changesAt } = computeGroup(group, index.select(group.selectorTags, group.tailnets), unhealthy);
    validUntil = earlier(validUntil, changesAt);
    return result;
  });

  const timestamp = instantToTimestamp(validUntil);
  return create(ComputeEndpointsResponseSchema, {
    groups,
    ...(timestamp === undefined ? {} : { validUntil: timestamp }),
  });
}
