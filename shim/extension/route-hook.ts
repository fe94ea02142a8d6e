import { create, toBinary } from '@bufbuild/protobuf';

import { RouteActionSchema } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import type { RoutePolicy } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import { ComputeRouteOverlayRequestSchema } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { overlayFields, type OverlayRules } from './field-overlay.ts';
import type { HookAnswer, HookInputs } from './hook.ts';
import { metadataFields } from './mark.ts';
import { partsToBody } from './response-body.ts';
import { readRouteRef } from './route-ref.ts';
import { passSingleObject, readSingleObject, singleObjectToBody } from './single-object.ts';
import { encodeField, readField, readFields } from './wire-field.ts';

/** Field numbers of `envoy.config.route.v3.Route`. */
const routeFields = { action: 2, metadata: metadataFields.route, name: 14 } as const;
/** Field numbers of PostRouteExtensionContext and ExtensionResource. */
const contextFields = { extensionPolicies: 3, unstructuredBytes: 1 } as const;

/** `timeout`, `retry_policy`, `hash_policy` and `idle_timeout` of a RouteAction, as ComputeRouteOverlay says. */
const actionRules: OverlayRules = { replaced: new Set(), replacedIfPresent: new Set([8, 9, 15, 24]) };
const actionOnly: OverlayRules = { replaced: new Set(), replacedIfPresent: new Set([routeFields.action]) };

/** PostRouteModify: a policy that targets an HTTPRoute or GRPCRoute sets timeouts and retries of its routes. */
export function modifyRoute(request: Buffer, inputs: HookInputs): HookAnswer {
  const { object, context } = readSingleObject(request);
  if (object === undefined) return { body: partsToBody([]), changed: false };
  const name = readField(object, routeFields.name)?.toString() ?? '';
  const unchanged = (detail: string, policy = ''): HookAnswer => ({
    body: passSingleObject(request),
    changed: false,
    routes: [{ name, changed: false, policy, detail }],
  });
  const policies = readPolicies(context, inputs);
  if (policies.length === 0) return { body: passSingleObject(request), changed: false };
  const route = readRouteRef(readField(object, routeFields.metadata));
  if (route === undefined) return unchanged('it does not say which HTTPRoute or GRPCRoute it comes from.');
  const answer = inputs.functions.computeRouteOverlay(create(ComputeRouteOverlayRequestSchema, { route, policies }));
  const action = readField(object, routeFields.action);
  if (answer.overlay === undefined) return unchanged(answer.detail, answer.policy);
  if (action === undefined) return unchanged('it redirects or answers itself, so it has no upstream.', answer.policy);
  const overlay = Buffer.from(toBinary(RouteActionSchema, answer.overlay));
  const merged = encodeField(routeFields.action, Buffer.concat(overlayFields(action, overlay, actionRules)));
  return {
    body: singleObjectToBody(overlayFields(object, merged, actionOnly)),
    changed: true,
    routes: [{ name, changed: true, policy: answer.policy, detail: answer.detail }],
  };
}

/** A policy whose reading panics is left out. */
function readPolicies(context: Buffer, { parsers, leftOut }: HookInputs): RoutePolicy[] {
  return readFields(context, contextFields.extensionPolicies).flatMap((resource) => {
    try {
      const policy = parsers.parsePolicy(readField(resource, contextFields.unstructuredBytes) ?? Buffer.alloc(0));
      return policy === undefined ? [] : [policy];
    } catch (err) {
      leftOut('a policy of the route', err);
      return [];
    }
  });
}
