import { create } from '@bufbuild/protobuf';
import { type Route } from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { type EndpointRef } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import {
  ComputeRoutesRequestSchema,
  type EndpointExplanation,
  EndpointExplanationSchema,
  type ExplainRoutesRequest,
  type ExplainRoutesResponse,
  ExplainRoutesResponseSchema,
  type InjectedRoute,
  type NotInjected,
  NotInjectedReason,
  type VirtualHostExplanation,
  VirtualHostExplanationSchema,
  type VirtualHostResult,
} from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { compareReferences, formatReference } from '../service-endpoint/reference.ts';
import { computeRoutes } from './routes.ts';

/**
 * Explains for each endpoint what {@link computeRoutes} decides about it in each virtual host, and what would change
 * that. Total, and the same content gets the same bytes in whatever order its lists are.
 */
export function explainRoutes({ inputs, endpoints }: ExplainRoutesRequest): ExplainRoutesResponse {
  const request = inputs ?? create(ComputeRoutesRequestSchema);
  const { virtualHosts } = computeRoutes(request);
  const asked = new Set(endpoints.map(formatReference));
  const refs = request.endpoints
    .map(({ ref }) => ref)
    .filter((ref) => ref !== undefined)
    .filter((ref) => asked.size === 0 || asked.has(formatReference(ref)))
    .toSorted(compareReferences);
  const decisions = virtualHosts.map(indexDecisions);
  return create(ExplainRoutesResponseSchema, { endpoints: refs.map((ref) => explainEndpoint(ref, decisions)) });
}

/** What was decided in one virtual host, by endpoint. */
interface Decisions {
  readonly virtualHost: VirtualHostResult;
  readonly injected: ReadonlyMap<string, InjectedRoute>;
  readonly notInjected: ReadonlyMap<string, NotInjected>;
}

function indexDecisions(virtualHost: VirtualHostResult): Decisions {
  return {
    virtualHost,
    injected: new Map(virtualHost.injected.map((route) => [formatReference(route.endpoint), route])),
    notInjected: new Map(virtualHost.notInjected.map((refusal) => [formatReference(refusal.endpoint), refusal])),
  };
}

function explainEndpoint(ref: EndpointRef, decisions: readonly Decisions[]): EndpointExplanation {
  const virtualHosts = decisions.map((decision) => explainVirtualHost(ref, decision));
  const injected = virtualHosts.filter((virtualHost) => virtualHost.injected);
  const reached = injected.filter(({ shadowedBy }) => shadowedBy === '');
  return create(EndpointExplanationSchema, {
    endpoint: ref,
    summary: summarize(virtualHosts.length, injected.length, reached.length),
    virtualHosts,
  });
}

function summarize(all: number, injected: number, reached: number): string {
  if (all === 0) {
    return 'There is no virtual host to inject a route into.';
  }
  const hosts = `${injected} of ${all} virtual host${all === 1 ? '' : 's'}`;
  const shadowed = injected - reached;
  return shadowed === 0
    ? `Its route is injected into ${hosts}.`
    : `Its route is injected into ${hosts}, and in ${shadowed} of them another route takes its requests.`;
}

function explainVirtualHost(ref: EndpointRef, { virtualHost, ...decided }: Decisions): VirtualHostExplanation {
  const { name, gatewayNamespace, gateway, listener } = virtualHost;
  const where = { name, gatewayNamespace, gateway, listener };
  const key = formatReference(ref);
  const injected = decided.injected.get(key);
  if (injected?.route !== undefined) {
    const { policy, shadowedBy, route } = injected;
    const [path, cluster] = [pathOf(route), clusterOf(route)];
    const asker =
      policy === '' ? 'No policy says where it goes, so that it goes everywhere.' : `The policy ${policy} asks for it.`;
    const detail = `${path} and ${path}/… lead to the cluster ${cluster}. ${asker} ${injected.detail}`;
    return create(VirtualHostExplanationSchema, {
      ...where,
      injected: true,
      path,
      cluster,
      policy,
      shadowedBy,
      detail,
    });
  }
  const refusal = decided.notInjected.get(key);
  const reason = refusal?.reason ?? NotInjectedReason.UNSPECIFIED;
  const detail = [refusal?.detail ?? '', remedyOf(reason)].filter((sentence) => sentence !== '').join(' ');
  return create(VirtualHostExplanationSchema, { ...where, reason, detail });
}

function pathOf({ match }: Route): string {
  return match?.pathSpecifier.case === 'pathSeparatedPrefix' ? match.pathSpecifier.value : '';
}

function clusterOf({ action }: Route): string {
  const specifier = action.case === 'route' ? action.value.clusterSpecifier : undefined;
  return specifier?.case === 'cluster' ? specifier.value : '';
}

/** What would bring a route. */
function remedyOf(reason: NotInjectedReason): string {
  switch (reason) {
    case NotInjectedReason.NAME:
      return 'Another name of the endpoint would do.';
    case NotInjectedReason.POLICY:
      return 'A policy that selects it would have to target this Gateway or listener, and a host name of this virtual host.';
    case NotInjectedReason.CONFLICT:
      return 'Another name of the endpoint, or another path prefix of a policy for it, would give it a route of its own.';
    case NotInjectedReason.SHADOWED:
      return "Another path prefix of a policy for it would do, or another path of the gateway's own route.";
    default:
      // The decision's own words say it already.
      return '';
  }
}
