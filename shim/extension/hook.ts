import type { ClusterSettings } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { ExplainedCluster, ExplainedRoute, ExplainedVirtualHost } from './explanation.ts';
import type { HookFunctions, ResourceParsers } from './hook-functions.ts';
import type { ResponseBody } from './response-body.ts';
import type { RouteComputer } from './route-computer.ts';
import type { VirtualHostReader } from './virtual-host-lens.ts';

/** What a hook answers from. Nothing of it changes during a call. */
export interface HookInputs {
  readonly state: Pick<GatewayState, 'revision' | 'endpoints' | 'policies' | 'clusters' | 'groupAssignments'>;
  readonly functions: HookFunctions;
  readonly parsers: ResourceParsers;
  readonly reader: VirtualHostReader;
  readonly computer: RouteComputer;
  readonly clusterSettings: ClusterSettings;
  /** Whether the call's time is over: what is not decided yet stays as it is. */
  expired(): boolean;
  /** The handling of one resource panicked, and it was left out. */
  leftOut(resource: string, err: unknown): void;
}

/** A virtual host that was answered. */
export interface AnsweredVirtualHost {
  readonly name: string;
  /** Made when it is asked for: there may be very many. */
  explain(): ExplainedVirtualHost;
}

/** What a hook answers. */
export interface HookAnswer {
  /** The response message. */
  readonly body: ResponseBody;
  readonly changed: boolean;
  readonly virtualHosts?: readonly AnsweredVirtualHost[];
  /** The clusters of a translation; made when they are asked for, since they may be very many. */
  readonly injectedClusters?: () => readonly ExplainedCluster[];
  /** Clusters of custom backends. */
  readonly clusters?: readonly ExplainedCluster[];
  readonly routes?: readonly ExplainedRoute[];
}

/** Answers one request message with the whole object, changed or not. Throws a RangeError for bytes that are no request. */
export type Hook = (request: Buffer, inputs: HookInputs) => HookAnswer;

/** How a request goes back unchanged, when nothing can be decided. */
export type PassThrough = (request: Buffer) => ResponseBody;
