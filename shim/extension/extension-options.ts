import type { Registry } from '@bufbuild/protobuf';
import type { ClusterSettings } from '../../proto/gen/tailway/clusters/v1/clusters_pb.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { Explanation } from './explanation.ts';
import type { HookFunctions, ResourceParsers } from './hook-functions.ts';
import type { ExtensionLog, ExtensionObserver } from './observer.ts';

/** What an extension server is made of. */
export interface ExtensionServerOptions {
  /** What is answered from. */
  readonly state: GatewayState;
  readonly functions: HookFunctions;
  readonly parsers: ResourceParsers;
  readonly log: ExtensionLog;
  readonly observer?: Partial<ExtensionObserver>;
  /** The types that stand in an `Any` of an answer, for who asks by reflection. */
  readonly anyTypes?: Registry;
  /** What the clusters of custom backends are built with; its `allowTargets` hold for routes too. */
  readonly clusterSettings: ClusterSettings;
  /** Time for the computations of one call; what is not decided by then is left out. A client's own deadline counts too. */
  readonly deadlineMs: number;
  /** How long a call waits for the first sync. */
  readonly syncWaitMs: number;
  /** What a call that has waited so long gets: its object as it came, or UNAVAILABLE. */
  readonly onUnsynced: 'pass-through' | 'fail';
  /** The largest request; 1000 MiB where unset. */
  readonly maxMessageBytes?: number;
  /** How many answers to virtual hosts are kept, for the same questions and to be explained; 4096 where unset. */
  readonly keptAnswers?: number;
  /** How often peers are pinged; one that has not answered by the next ping is cut off. */
  readonly pingIntervalMs?: number;
  /** Milliseconds, monotonic. */
  readonly clock?: () => number;
}

/** All hooks of Envoy Gateway, with gRPC health and reflection, on one plaintext port. */
export interface ExtensionServer {
  /** Rejects when the address can't be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  /** Takes no new calls, lets those under way end, and after `graceMs` cuts off what is still there. */
  close(options: { readonly graceMs: number }): Promise<void>;
  /** What was answered last for each object, and why: plain data for JSON. */
  explain(): Explanation;
}
