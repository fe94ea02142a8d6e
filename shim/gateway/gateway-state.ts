import type { ClusterSettings, RefusedEndpoint } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { ClusterLoadAssignment } from '../../proto/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import type { Group, GroupResult } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import type { EndpointRef, RoutePolicy, ServiceEndpoint } from '../../proto/gen/tailway/gateway/v1/gateway_pb.ts';
import type { Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import type { ConversionContext } from '../custom-resources/endpoints-from-resource.ts';
import type { CustomResource, ResourceSink } from '../custom-resources/resource-source.ts';
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../timing/clock.ts';
import type { ClusterFunctions } from './cluster-batches.ts';
import type { DecidedEndpoint } from './decided-state.ts';
import type { EncodedCluster } from './encoded-cluster.ts';
import type { GroupDefaults } from './device-groups.ts';
import type { WantedEndpoints, WantedPolicy } from './wanted-resources.ts';

/** What the hooks answer from: the decided state of all resources, in memory. */
export interface GatewayState {
  /** Whether all resources have been read once. */
  readonly synced: boolean;
  /** Changes whenever something that is injected changes, and only then; a hash of content. */
  readonly revision: string;
  /** The endpoints that count, in a stable order; the same array while nothing changes. */
  readonly endpoints: readonly ServiceEndpoint[];
  /** The policies that count, in a stable order; the same array while nothing changes. */
  readonly policies: readonly RoutePolicy[];
  /** The clusters behind all endpoints, ordered by name; the same array while nothing changes. */
  readonly clusters: readonly EncodedCluster[];
  /** The hosts of those endpoints' groups that stand in clusters themselves; none where the xDS server tells them. */
  groupAssignments(endpoints: readonly ServiceEndpoint[]): ClusterLoadAssignment[];
  /** Calls `listener` after each change of `revision` and when it becomes synced, until the answer is called. */
  observe(listener: () => void): () => void;
}

/** A gateway state that resources and devices are told to. */
export interface GatewayStore extends GatewayState {
  /** Where resources are told. */
  readonly sink: ResourceSink;
  /** What the conversion of a resource knows of tailnets now. */
  readonly conversion: ConversionContext;
  /** The devices that count from now on, for `autoDiscovery`. */
  devices(devices: readonly Device[]): void;
  /** What became of groups, from now on; one that is the same object as before is not looked at. */
  groupResults(results: readonly GroupResult[]): void;
  /** The groups of devices behind endpoints with a selector, ordered by name; the same array while nothing changes. */
  readonly groups: readonly Group[];
  /** The revision of each Gateway that has something injected, by `namespace/name`; empty until all is synced. */
  gatewayRevisions(): ReadonlyMap<string, string>;
  /** Calls `listener` after whatever statuses and Gateways' revisions are computed from has changed. */
  observeResources(listener: () => void): () => void;
  /** All TailscaleEndpoints and what they come to, by {@link formatResourceKey}. */
  readonly resources: ReadonlyMap<string, WantedEndpoints>;
  /** All TailscaleRoutePolicies and what they come to. */
  readonly policyResources: ReadonlyMap<string, WantedPolicy>;
  /** All Gateways, those of others than Envoy Gateway included. */
  readonly gateways: ReadonlyMap<string, CustomResource>;
  readonly gatewayClasses: ReadonlyMap<string, CustomResource>;
  /** What is decided about an endpoint: injected, refused, or, before the first answer, nothing. */
  decision(ref: EndpointRef): EndpointDecision;
  /** Resolves when everything that was told so far is decided, or has failed. */
  settled(): Promise<void>;
  close(): void;
}

/** What is decided about an endpoint. */
export type EndpointDecision =
  | { readonly kind: 'injected'; readonly decided: DecidedEndpoint }
  | { readonly kind: 'refused'; readonly refused: RefusedEndpoint }
  | { readonly kind: 'pending' };

/** What a gateway store is made of. */
export interface GatewayStoreOptions {
  readonly functions: ClusterFunctions;
  readonly clusterSettings: ClusterSettings;
  readonly groupDefaults: GroupDefaults;
  /** Names of the settings' own tailnet; `-` stands for every name; none: the settings name no source. */
  readonly tailnets: readonly string[];
  /** Port of discovered services where nothing else says one. */
  readonly endpointPort: number;
  /** How long the first answer waits for devices where a resource discovers its endpoints; 0: no devices are read. */
  readonly deviceWaitMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of the groups after each change of them, before the clusters that need them can be seen. */
  readonly onGroups?: (groups: readonly Group[]) => void;
}
