import { create } from '@bufbuild/protobuf';

import { type RouteRef, RouteRefSchema, TargetKind } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { readResourceIdentity } from './resource-identity.ts';

/** The HTTPRoute or GRPCRoute that a route's or cluster's metadata name; undefined where they name none. */
export function readRouteRef(metadata: Buffer | undefined): RouteRef | undefined {
  const identity = readResourceIdentity(metadata);
  const kind = kinds.get(identity?.kind ?? '');
  if (identity === undefined || kind === undefined) return undefined;
  const { namespace, name, sectionName: rule } = identity;
  return create(RouteRefSchema, { kind, namespace, name, rule });
}

const kinds: ReadonlyMap<string, TargetKind> = new Map([
  ['HTTPRoute', TargetKind.HTTP_ROUTE],
  ['GRPCRoute', TargetKind.GRPC_ROUTE],
]);
