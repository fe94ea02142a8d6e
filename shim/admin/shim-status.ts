import type { HookName, HookResult } from '../extension/observer.ts';
import type { HoldCause } from '../sources/hold.ts';
import type { FunctionStatus } from '../functions/functions-client.ts';
import type { XdsStreamStatus } from '../xds/observer.ts';

/**
 * How a running shim is doing: the JSON of `/status` on the metrics port. Fields are only added, never changed. Times are
 * ISO 8601; nothing in it is a secret.
 */
export interface ShimStatus {
  readonly version: string;
  /** When it was asked. */
  readonly now: string;
  readonly startedAt: string;
  /** Whether `/readyz` says so. */
  readonly ready: boolean;
  /** What readiness still waits for. */
  readonly waitingFor: readonly string[];
  /** Whether this replica writes statuses and Events; absent: it reads no cluster. */
  readonly leader?: boolean;
  /** What is not fine; empty: all is. */
  readonly problems: readonly StatusProblem[];
  /** Where devices come from; empty: from nowhere. */
  readonly sources: readonly SourceStatus[];
  readonly groups: Listed<GroupStatus>;
  /** Absent: no resources are read. */
  readonly resources?: ResourcesStatus;
  readonly xds: {
    readonly types: readonly XdsTypeStatus[];
    /** One entry for each type that a stream subscribes to; those that refuse something come first. */
    readonly streams: Listed<XdsStreamStatus>;
  };
  /** Absent: no hooks are answered. */
  readonly hooks?: readonly HookStatus[];
  /** Where each function runs; those that answer hooks always run in this process. */
  readonly functions: readonly FunctionStatus[];
}

/** Something that is not fine. */
export interface StatusProblem {
  /** The part that it is about. */
  readonly part: 'shim' | 'source' | 'xds' | 'hooks' | 'functions';
  /** A sentence with the reason. */
  readonly detail: string;
}

/** A list that may be cut. */
export interface Listed<T> {
  /** How many there are. */
  readonly total: number;
  /** The first of them. */
  readonly items: readonly T[];
}

/** How a source of devices is doing. */
export interface SourceStatus {
  /** `tailscale`, `headscale`, `file`, or the name of a resource. */
  readonly name: string;
  readonly synced: boolean;
  /** Devices that are known. */
  readonly devices: number;
  /** Entries of the last answer that could not be used. */
  readonly rejected: number;
  /** When it was read well last, in this run. */
  readonly lastSyncAt?: string;
  /** Set while it fails: the last good devices stay. */
  readonly failure?: { readonly since: string; readonly reason: string; readonly detail: string };
  /** Set while a suspicious answer is not believed yet. */
  readonly heldSince?: string;
  readonly heldCause?: HoldCause;
}

/** What became of the devices of one group. */
export interface GroupStatus {
  /** EDS service name. */
  readonly name: string;
  readonly localities: number;
  readonly endpoints: number;
  /** Devices that are left out, by reason. */
  readonly excluded: Readonly<Record<string, number>>;
  /** Tags and attributes that count as absent because they are not valid. */
  readonly refused: number;
}

/** What became of the resources of the gateway. */
export interface ResourcesStatus {
  /** Whether all have been read once. */
  readonly synced: boolean;
  /** Hash of what is injected. */
  readonly revision: string;
  /** Numbers of resources. */
  readonly endpointsResources: number;
  readonly policies: number;
  readonly gateways: number;
  /** Numbers of endpoints, the discovered ones included. */
  readonly injected: number;
  readonly pending: number;
  /** Endpoints, policies and resources that do not count, and why. */
  readonly refused: Listed<RefusedStatus>;
}

/** Something that does not count. */
export interface RefusedStatus {
  /** `TailscaleEndpoints namespace/name`. */
  readonly resource: string;
  /** Name of an endpoint, or empty. */
  readonly endpoint: string;
  readonly reason: string;
  readonly detail: string;
}

/** What is served of one type. */
export interface XdsTypeStatus {
  /** `Cluster`, `ClusterLoadAssignment`, `Listener`, `RouteConfiguration`. */
  readonly type: string;
  /** Resources, those that only come when asked for by name left out. */
  readonly resources: number;
  /** The version of all of them together, as a wildcard subscription gets it: equal on replicas that serve the same. */
  readonly version: string;
}

/** How one of Envoy Gateway's hooks was answered since the start. */
export interface HookStatus {
  readonly hook: HookName;
  readonly calls: number;
  readonly results: Readonly<Partial<Record<HookResult, number>>>;
  /** Resources that were left out of an answer because their handling failed. */
  readonly leftOut: number;
  readonly last: { readonly at: string; readonly result: HookResult; readonly ms: number };
}
