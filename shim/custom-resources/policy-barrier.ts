import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { z } from 'zod';
import { type RoutePolicy, RoutePolicySchema, TargetKind } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { ConvertedResource } from './endpoints-from-resource.ts';

/** As much of a refused policy as says what it is about. */
const about = z.object({
  targetRefs: z
    .array(z.object({ kind: z.string() }))
    .optional()
    .catch(undefined),
  endpoints: z
    .array(z.object({ resource: z.string().min(1).max(253), endpoint: z.string().max(63).optional() }))
    .optional()
    .catch(undefined),
});

/** No Gateway can have it. */
const nowhere = '-';

/** Later than any policy was created: one that can be understood decides before a barrier does. */
const endOfTime = Date.parse('9999-12-31T23:59:59Z');

/**
 * What stands in for a policy that is refused: its endpoints get no routes by it, instead of routes at every gateway, which
 * is what no policy would mean. Whoever restricts an endpoint to an internal gateway does not publish it by a typing
 * error. Undefined for a policy that is about routes of its own alone and restricts nothing.
 */
export function policyToBarrier({ namespace, name, spec }: ConvertedResource): RoutePolicy | undefined {
  const { targetRefs, endpoints } = about.catch({ targetRefs: undefined, endpoints: undefined }).parse(spec);
  const restricts =
    targetRefs === undefined || targetRefs.length === 0 || targetRefs.some(({ kind }) => !kind.endsWith('Route'));
  if (!restricts) return undefined;
  return create(RoutePolicySchema, {
    namespace,
    name,
    created: timestampFromMs(endOfTime),
    targets: [{ kind: TargetKind.GATEWAY, name: nowhere }],
    endpoints: (endpoints ?? []).map(({ resource, endpoint = '' }) => ({ resource, endpoint })),
  });
}
