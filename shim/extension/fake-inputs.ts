import { create, toBinary } from '@bufbuild/protobuf';

import { computeBackendCluster } from '../../functions/clusters/backend-cluster.ts';
import { computeClusters } from '../../functions/clusters/clusters.ts';
import { computeRouteOverlay } from '../../functions/routes/route-overlay.ts';
import { prepareRoutes } from '../../functions/routes/routes.ts';
import { ClusterSchema } from '../../proto/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  ClusterSettingsSchema,
  ComputeClustersRequestSchema,
} from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import {
  EndpointProtocol,
  type RoutePolicy,
  type ServiceEndpoint,
  ServiceEndpointSchema,
} from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { EncodedCluster } from '../gateway/encoded-cluster.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { HookFunctions, ResourceParsers } from './hook-functions.ts';
import type { HookInputs } from './hook.ts';
import { createRouteComputer } from './route-computer.ts';
import { createVirtualHostReader } from './virtual-host-lens.ts';

/** An endpoint for tests. */
export function buildEndpoint(name: string, target = '10.0.0.1:8080'): ServiceEndpoint {
  return create(ServiceEndpointSchema, {
    ref: { namespace: 'default', resource: 'services', endpoint: name },
    port: 8080,
    protocol: EndpointProtocol.HTTP,
    upstream: { case: 'externalTarget', value: target },
  });
}

/** The settings of clusters in tests. */
export const clusterSettings = create(ClusterSettingsSchema, { xdsTarget: 'dns:///tailway:18000' });

/** The real functions. */
export const hookFunctions: HookFunctions = { prepareRoutes, computeRouteOverlay, computeBackendCluster };

/** Parsers that know no resource. */
export const noParsers: ResourceParsers = { parseEndpoints: () => [], parsePolicy: () => undefined };

/** A state for tests: a value that can be replaced. */
export interface FakeState extends GatewayState {
  set(next: { synced?: boolean; endpoints?: readonly ServiceEndpoint[]; policies?: readonly RoutePolicy[] }): void;
}

/** A synced state of `endpoints`, with a new revision at each change. */
export function createFakeState(endpoints: readonly ServiceEndpoint[], synced = true): FakeState {
  const listeners = new Set<() => void>();
  let version = 0;
  let policies: readonly RoutePolicy[] = [];
  let clusters = encodeClusters(endpoints);
  return {
    get synced() {
      return synced;
    },
    get revision() {
      return `revision-${version}`;
    },
    get endpoints() {
      return endpoints;
    },
    get policies() {
      return policies;
    },
    get clusters() {
      return clusters;
    },
    groupAssignments: () => [],
    observe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(next) {
      synced = next.synced ?? synced;
      policies = next.policies ?? policies;
      endpoints = next.endpoints ?? endpoints;
      clusters = encodeClusters(endpoints);
      version += 1;
      for (const listener of listeners) listener();
    },
  };
}

/** What a hook is given in tests, and what it left out. */
export function createFakeInputs(
  endpoints: readonly ServiceEndpoint[],
  replaced: Partial<HookInputs> = {},
): HookInputs & { readonly panics: string[] } {
  const panics: string[] = [];
  const functions = replaced.functions ?? hookFunctions;
  return {
    panics,
    state: createFakeState(endpoints),
    functions,
    parsers: noParsers,
    reader: createVirtualHostReader(),
    computer: createRouteComputer(functions, []),
    clusterSettings,
    expired: () => false,
    leftOut: (resource) => panics.push(resource),
    ...replaced,
  };
}

function encodeClusters(endpoints: readonly ServiceEndpoint[]): EncodedCluster[] {
  const request = create(ComputeClustersRequestSchema, { endpoints: [...endpoints], settings: clusterSettings });
  return computeClusters(request).clusters.flatMap(({ cluster, endpoint }) =>
    cluster === undefined || endpoint === undefined
      ? []
      : [{ name: cluster.name, body: toBinary(ClusterSchema, cluster), endpoint }],
  );
}
