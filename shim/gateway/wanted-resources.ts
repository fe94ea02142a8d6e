import { toBinary } from '@bufbuild/protobuf';
import { selectsEndpoint } from '../../functions/route-policy/policy.ts';
import {
  type RoutePolicy,
  RoutePolicySchema,
  type ServiceEndpoint,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { discoverEndpoints } from '../custom-resources/discovered-endpoints.ts';
import {
  type ConversionContext,
  type ConvertedEndpoints,
  endpointsFromResource,
} from '../custom-resources/endpoints-from-resource.ts';
import type { Finding } from '../custom-resources/finding.ts';
import { policyToBarrier } from '../custom-resources/policy-barrier.ts';
import { policyFromResource } from '../custom-resources/policy-from-resource.ts';
import type { CustomResource, CustomResourceChange } from '../custom-resources/resource-source.ts';
import { formatResourceKey } from '../custom-resources/unique-resources.ts';
import { digestOf } from './content-digest.ts';
import { createTailnetDirectory } from './tailnet-directory.ts';
import { createEndpointIndex, type EndpointIndex } from './endpoint-index.ts';

/** A TailscaleEndpoints, and what it comes to. */
export interface WantedEndpoints {
  readonly resource: CustomResource;
  readonly converted: ConvertedEndpoints;
  /** Its endpoints, the discovered ones last. */
  readonly endpoints: readonly ServiceEndpoint[];
  /** Number of its endpoints that were discovered. */
  readonly discovered: number;
  /** What does not count, discovery included. */
  readonly findings: readonly Finding[];
}

/** A TailscaleRoutePolicy, and what it comes to. */
export interface WantedPolicy {
  readonly resource: CustomResource;
  readonly policy: RoutePolicy | undefined;
  readonly digest: string;
  readonly findings: readonly Finding[];
}

/** What all resources say, by resource: the wanted state, before any decision. */
export interface WantedResources {
  /** Takes a change in; tells the services whose clusters may be others now. */
  apply(change: CustomResourceChange): readonly string[];
  /** Discovers the endpoints of one resource anew; tells the services that are touched. */
  discover(key: string, devices: readonly Device[]): readonly string[];
  /** What conversion knows now. */
  readonly conversion: ConversionContext;
  readonly index: EndpointIndex;
  readonly endpoints: ReadonlyMap<string, WantedEndpoints>;
  readonly policies: ReadonlyMap<string, WantedPolicy>;
  readonly gateways: ReadonlyMap<string, CustomResource>;
  readonly gatewayClasses: ReadonlyMap<string, CustomResource>;
}

/** What conversion has to know besides the resources. */
export interface WantedContext extends Pick<ConversionContext, 'tailnets'> {
  /** Port of discovered services where nothing else says one. */
  readonly endpointPort: number;
  /** The devices that count now; undefined: not known yet, or no source of them. */
  devices(): readonly Device[] | undefined;
}

/** Nothing wanted. */
export function createWantedResources(context: WantedContext): WantedResources {
  const index = createEndpointIndex();
  const endpoints = new Map<string, WantedEndpoints>();
  const policies = new Map<string, WantedPolicy>();
  const gateways = new Map<string, CustomResource>();
  const gatewayClasses = new Map<string, CustomResource>();
  const tailnets = createTailnetDirectory();
  const conversion: ConversionContext = { tailnets: context.tailnets, ofNamespace: tailnets.ofNamespace };

  function convert(key: string, resource: CustomResource): readonly string[] {
    return want(key, resource, endpointsFromResource(resource, conversion), context.devices() ?? []);
  }

  /** What names no tailnet, or this one, may be about other devices now. */
  function tailnetsChanged(namespace: string): string[] {
    const concerned = [...endpoints].filter(([, { resource }]) => resource.namespace === namespace);
    return concerned.flatMap(([key, { resource }]) => convert(key, resource));
  }

  function want(key: string, resource: CustomResource, converted: ConvertedEndpoints, devices: readonly Device[]) {
    const found = discover(resource, converted, devices, context.endpointPort);
    const findings = [...converted.findings, ...found.findings];
    const all = [...converted.endpoints, ...found.endpoints];
    endpoints.set(key, { resource, converted, endpoints: all, discovered: found.endpoints.length, findings });
    return index.replace(key, all);
  }

  function setPolicy(key: string, next: WantedPolicy | undefined): string[] {
    const before = policies.get(key);
    if (next === undefined) policies.delete(key);
    else policies.set(key, next);
    if (before?.digest === next?.digest) return [];
    return [before?.policy, next?.policy].flatMap((policy) => (policy === undefined ? [] : selected(policy)));
  }

  function selected(policy: RoutePolicy): string[] {
    const all = [...index.ofNamespace(policy.namespace)];
    return all
      .filter(({ endpoint: { ref } }) => ref !== undefined && selectsEndpoint(policy, ref))
      .map(({ service }) => service);
  }

  function set(key: string, resource: CustomResource): string[] {
    switch (resource.kind) {
      case 'TailscaleEndpoints':
        return [...convert(key, resource)];
      case 'TailscaleRoutePolicy':
        return setPolicy(key, { resource, ...convertPolicy(resource) });
      case 'TailscaleTailnet':
        return tailnets.set(key, resource) ? tailnetsChanged(resource.namespace) : [];
      case 'Gateway':
        gateways.set(key, resource);
        return [];
      case 'GatewayClass':
        gatewayClasses.set(key, resource);
        return [];
      case 'Secret':
        return [];
      default:
        return resource.kind satisfies never;
    }
  }

  function remove(key: string): string[] {
    if (endpoints.delete(key)) return index.replace(key, []);
    if (policies.has(key)) return setPolicy(key, undefined);
    const namespace = tailnets.delete(key);
    if (namespace !== undefined) return tailnetsChanged(namespace);
    gateways.delete(key);
    gatewayClasses.delete(key);
    return [];
  }

  return {
    apply: (change) =>
      change.kind === 'set'
        ? set(formatResourceKey(change.resource), change.resource)
        : remove(formatResourceKey(change.key)),
    discover(key, devices) {
      const wanted = endpoints.get(key);
      return wanted === undefined ? [] : want(key, wanted.resource, wanted.converted, devices);
    },
    conversion,
    index,
    endpoints,
    policies,
    gateways,
    gatewayClasses,
  };
}

function convertPolicy(resource: CustomResource): Omit<WantedPolicy, 'resource'> {
  const { policy: understood, findings } = policyFromResource(resource);
  const policy = understood ?? policyToBarrier(resource);
  const digest = policy === undefined ? '' : digestOf(toBinary(RoutePolicySchema, policy));
  return { policy, digest, findings };
}

function discover(
  resource: CustomResource,
  { autoDiscovery, endpoints, tailnets, findings }: ConvertedEndpoints,
  devices: readonly Device[],
  defaultPort: number,
) {
  if (autoDiscovery === undefined) return { endpoints: [], findings: [] };
  // A refused endpoint keeps its name: no device is to take its place because of a typing error.
  const taken = new Set([...endpoints.map(({ ref }) => ref?.endpoint ?? ''), ...findings.map((each) => each.endpoint)]);
  const own = devices.filter(({ tailnet }) => tailnets.includes(tailnet));
  return discoverEndpoints(resource, { spec: autoDiscovery, devices: own, taken, defaultPort });
}
