import { create, toBinary } from '@bufbuild/protobuf';

import { mergedField, ownedFields, preferredFields } from '../../functions/clusters/overlay-fields.ts';
import { formatReference } from '../../functions/service-endpoint/reference.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  ComputeBackendClusterRequestSchema,
  type ComputeBackendClusterResponse,
  RefusalReason,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { RoutePolicy, RouteRef, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { ExplainedRefusal } from './explanation.ts';
import { overlayFields, type OverlayRules } from './field-overlay.ts';
import type { HookAnswer, HookInputs } from './hook.ts';
import { isolate } from './isolation.ts';
import { metadataFields } from './mark.ts';
import { partsToBody } from './response-body.ts';
import { readRouteRef } from './route-ref.ts';
import { passSingleObject, readSingleObject, singleObjectToBody } from './single-object.ts';
import { readField, readFields } from './wire-field.ts';

/** Field numbers of `envoy.config.cluster.v3.Cluster`. */
const clusterFields = { name: 1, metadata: metadataFields.cluster } as const;
/** Field numbers of PostClusterExtensionContext and ExtensionResource. */
const contextFields = { backendExtensionResources: 1, unstructuredBytes: 1 } as const;

/** The entries of `typed_extension_protocol_options` that the overlay has are replaced, and others stay. */
const overlayRules: OverlayRules = {
  replaced: ownedFields,
  replacedIfPresent: preferredFields,
  entries: mergedField,
};

/** PostClusterModify: the cluster of `backendRefs` that name TailscaleEndpoints gets the hosts of these. */
export function modifyCluster(request: Buffer, inputs: HookInputs): HookAnswer {
  const { object, context } = readSingleObject(request);
  if (object === undefined) return { body: partsToBody([]), changed: false };
  const endpoints = readEndpoints(context, inputs);
  if (endpoints.length === 0) return { body: passSingleObject(request), changed: false };

  const name = readField(object, clusterFields.name)?.toString() ?? '';
  const route = readRouteRef(readField(object, clusterFields.metadata));
  const { result, leftOut } = isolate(
    endpoints,
    (some) => {
      const answer = computeBackendCluster(name, some, route, inputs);
      return { answer, overlay: answer.overlay && Buffer.from(toBinary(ClusterSchema, answer.overlay)) };
    },
    inputs.expired,
  );
  for (const { item, err } of leftOut) inputs.leftOut(formatReference(item.ref), err);

  const { answer, overlay } = result;
  const refused = [...answer.refused.map(explainRefusal), ...leftOut.map(({ item }) => explainPanic(item))];
  const out = new Set(refused.map(({ endpoint }) => endpoint));
  const used = endpoints.map(({ ref }) => formatReference(ref)).filter((endpoint) => !out.has(endpoint));
  const explained = {
    name,
    hook: 'PostClusterModify',
    injected: overlay !== undefined,
    detail: overlay === undefined ? 'no endpoint is usable, so the cluster stays as it is.' : explainHosts(answer),
    endpoints: used,
    refused,
  } as const;
  return {
    body:
      overlay === undefined
        ? passSingleObject(request)
        : singleObjectToBody(overlayFields(object, overlay, overlayRules)),
    changed: overlay !== undefined,
    clusters: [explained],
  };
}

/** A resource whose reading panics is left out. */
function readEndpoints(context: Buffer, { parsers, leftOut }: HookInputs): ServiceEndpoint[] {
  return readFields(context, contextFields.backendExtensionResources).flatMap((resource) => {
    try {
      return parsers.parseEndpoints(readField(resource, contextFields.unstructuredBytes) ?? Buffer.alloc(0));
    } catch (err) {
      leftOut('a backend of the cluster', err);
      return [];
    }
  });
}

function computeBackendCluster(
  clusterName: string,
  endpoints: readonly ServiceEndpoint[],
  route: RouteRef | undefined,
  { state, functions, clusterSettings }: HookInputs,
): ComputeBackendClusterResponse {
  const request = create(ComputeBackendClusterRequestSchema, { clusterName, settings: clusterSettings });
  // The lists themselves, not copies; functions change no input.
  request.endpoints = endpoints as ServiceEndpoint[];
  request.policies = state.policies as RoutePolicy[];
  request.groupAssignments = state.groupAssignments(endpoints);
  if (route !== undefined) request.route = route;
  return functions.computeBackendCluster(request);
}

function explainHosts({ overlay, group, policy }: ComputeBackendClusterResponse): string {
  const isOverXds = overlay?.edsClusterConfig !== undefined;
  const hosts = isOverXds ? `its hosts come over xDS as ${group}` : 'its hosts stand in the cluster';
  return policy === '' ? `${hosts}.` : `${hosts}; settings of the policy ${policy}.`;
}

function explainRefusal({
  endpoint,
  reason,
  detail,
}: ComputeBackendClusterResponse['refused'][number]): ExplainedRefusal {
  return { endpoint: formatReference(endpoint), reason: reasonNames.get(reason) ?? String(reason), detail };
}

function explainPanic({ ref }: ServiceEndpoint): ExplainedRefusal {
  const detail = 'its handling panicked, which is a bug: the log has the error.';
  return { endpoint: formatReference(ref), reason: 'PANIC', detail };
}

const reasonNames: ReadonlyMap<number, string> = new Map(
  Object.entries(RefusalReason).map(([name, value]) => [value, name]),
);
